-- since when this Redis has run, at most a second too late; 0 where it does not say
local told = redis.pcall('INFO', 'server')
local uptime = type(told) == 'string' and tonumber(string.match(told, 'uptime_in_seconds:(%d+)'))
local started = uptime and now - uptime * 1000 or 0
