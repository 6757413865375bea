-- ACCOUNT AFTER MOST: the time, the newest number, whether no key is missing, then key, number, whether it should be there, and value of each.
local account, after, most = ARGV[1], ARGV[2], ARGV[3]
local meta, numbers, ends = keys_of(account)
local found = redis.call('ZRANGEBYSCORE', numbers, '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
local answer = {text(now), redis.call('HGET', meta, 'number') or '0', sound(account) and '1' or '0'}
for i = 1, #found, 2 do
  local till = tonumber(redis.call('ZSCORE', ends, found[i]) or 0)
  answer[#answer + 1] = found[i]
  answer[#answer + 1] = text(tonumber(found[i + 1]))
  answer[#answer + 1] = till > now and '1' or '0'
  answer[#answer + 1] = redis.call('GET', prefix .. account .. ':entry:' .. found[i])
end
return answer
