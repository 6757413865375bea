-- ACCOUNT HOLDER FENCE LENGTH KNOWN, then KEY AGE KEEP VALUE of each entry: what came of it, the newest entry's
-- number, whether somebody wants the account, and whether Redis had older data than the writer knows.
local account, holder, fence = ARGV[1], ARGV[2], ARGV[3]
local length, known = tonumber(ARGV[4]), tonumber(ARGV[5])
local meta, numbers, ends = keys_of(account)
-- whatever may fail is asked before anything is written
local number = tonumber(redis.call('HGET', meta, 'number') or 0) or 0
redis.call('ZCARD', numbers)
redis.call('ZCARD', ends)
if not held_by(account, holder, fence) then return {'lost', text(number), '0', '0'} end
if number > known then return {'unread', text(number), '0', '0'} end
local behind = (number < known or not sound(account)) and '1' or '0'
number = math.max(number, known, now - 1)
for i = 6, #ARGV - 3, 4 do
  local key, age, keep = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  if keep > age then
    number = number + 1
    local kept = text(now) .. ' ' .. text(age) .. ' ' .. ARGV[i + 3]
    redis.call('SET', prefix .. account .. ':entry:' .. key, kept, 'PX', text(keep - age))
    redis.call('ZADD', numbers, text(number), key)
    redis.call('ZADD', ends, text(now + keep - age), key)
  end
end
local over = redis.call('ZRANGEBYSCORE', ends, '-inf', text(now))
for i = 1, #over do
  redis.call('ZREM', numbers, over[i])
  redis.call('ZREM', ends, over[i])
end
redis.call('HSET', meta, 'number', text(number), 'count', text(redis.call('ZCARD', numbers)))
for _, key in ipairs({meta, numbers, ends}) do redis.call('PEXPIRE', key, MONTH) end
hold(account, holder, fence, length)
return {'kept', text(number), wanted_from(account, holder) and '1' or '0', behind}
