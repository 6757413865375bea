-- ACCOUNT HOLDER FENCE: nothing.
local account, holder, fence = ARGV[1], ARGV[2], ARGV[3]
if held_by(account, holder, fence) then redis.call('HDEL', prefix .. 'leases', account) end
local who = string.match(redis.call('HGET', prefix .. 'demands', account) or '', '^(%S+) ')
if who == holder then redis.call('HDEL', prefix .. 'demands', account) end
return {}
