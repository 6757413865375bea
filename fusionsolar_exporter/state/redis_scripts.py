"""What runs inside Redis: each script does its work whole or not at all, by Redis's own clock (milliseconds).

Keys, all under one prefix (``KEYS[1]``, which ends with a version):

- ``leases``: a hash from account to ``HOLDER FENCE UNTIL LENGTH``. A holder is ``REPLICA.PLACE``: one account's place
  in one process. The fence grows with every lease, so that nobody writes on a lease that has gone to another.
- ``demands``: a hash from account to ``HOLDER UNTIL``: who wants the account given up.
- ``fence``: the last fence given.
- ``ACCOUNT:looks``: a hash from replica to ``FIRST LAST KNOWN``: who would take the account, since when, when it looked
  last, and the number of the newest entry that it knows.
- ``ACCOUNT:meta``: ``number`` of the newest entry, and since when the lease is seen ``free``.
- ``ACCOUNT:numbers``, ``ACCOUNT:ends``: sorted sets of entries, by number and by the moment at which they expire.
- ``ACCOUNT:entry:KEY``: ``WRITTEN AGE VALUE``; the age is what the entry had when it was written.

Numbers and fences never fall behind the clock. So when Redis comes back with older data, whoever knows a higher number
knows more than Redis, and what is written from then on is news to everybody.
"""

PREFIX = "fusionsolar_exporter:1:"
"""Of every key; the number is the version of what is kept under it."""

NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
"""How a script learns the time."""

_COMMON = (
    NOW
    + """
local prefix = KEYS[1]
local MONTH = 31 * 24 * 3600 * 1000

local function text(number) return string.format('%.0f', number) end

local function lease_of(account)
  local kept = redis.call('HGET', prefix .. 'leases', account) or ''
  local holder, fence, till, length = string.match(kept, '^(%S+) (%d+) (%d+) (%d+)$')
  if not holder then return nil end
  return {holder = holder, fence = fence, till = tonumber(till), length = tonumber(length)}
end

local function hold(account, holder, fence, length)
  local kept = holder .. ' ' .. fence .. ' ' .. text(now + length) .. ' ' .. text(length)
  redis.call('HSET', prefix .. 'leases', account, kept)
  redis.call('PEXPIRE', prefix .. 'leases', MONTH)
end

local function held_by(account, holder, fence)
  local lease = lease_of(account)
  return lease and lease.holder == holder and lease.fence == fence
end

local function wanted_from(account, holder)
  local who, till = string.match(redis.call('HGET', prefix .. 'demands', account) or '', '^(%S+) (%d+)$')
  return who and who ~= holder and tonumber(till) > now
end
"""
)

TAKE = (
    _COMMON
    + """
local account, holder, length, known = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local led_last, demands, own_fence = ARGV[5] == '1', ARGV[6] == '1', ARGV[7]
local replica = string.match(holder, '^[^.]+')
local meta, looks = prefix .. account .. ':meta', prefix .. account .. ':looks'
local number = tonumber(redis.call('HGET', meta, 'number') or 0) or 0
local refused = {'0', text(number)}

if demands and not wanted_from(account, holder) then
  redis.call('HSET', prefix .. 'demands', account, holder .. ' ' .. text(now + math.max(length, 5000)))
  redis.call('PEXPIRE', prefix .. 'demands', MONTH)
end
local lease = lease_of(account)
-- a lease of ours with another fence: the answer that gave it was lost, or Redis came back from before we lost it
if lease and lease.holder == holder and (lease.fence == own_fence or known <= number) then
  if wanted_from(account, holder) then
    redis.call('HDEL', prefix .. 'leases', account)
    return refused
  end
  hold(account, holder, lease.fence, length)
  return {lease.fence, text(number)}
end

-- who looks every second is a candidate
local fresh = math.max(3000, length / 3)
local function look_of(kept)
  local first, last, its_known = string.match(kept or '', '^(%d+) (%d+) (%d+)$')
  if first and now - tonumber(last) <= fresh then return tonumber(first), tonumber(its_known) end
end
local first = look_of(redis.call('HGET', looks, replica)) or now
redis.call('HSET', looks, replica, text(first) .. ' ' .. text(now) .. ' ' .. text(known))
redis.call('PEXPIRE', looks, MONTH)

if lease and lease.till > now then
  if lease.till > now + lease.length then  -- the clock of Redis was set back
    hold(account, lease.holder, lease.fence, lease.length)
  end
  redis.call('HDEL', meta, 'free')
  return refused
end
if wanted_from(account, holder) then return refused end
local free = tonumber(redis.call('HGET', meta, 'free') or now) or now
redis.call('HSET', meta, 'free', text(free))
redis.call('PEXPIRE', meta, MONTH)
local waited = now - free

-- who led last goes on at once; others leave it a moment after an end that nobody announced, and where they know more
-- than Redis does; then the one that holds fewest; after one more lease, anyone
if waited < length and not (led_last and known >= number) then
  if (lease or known > number) and waited < length / 3 then return refused end
  local held = {}
  local leases = redis.call('HGETALL', prefix .. 'leases')
  for i = 2, #leases, 2 do
    local of, till = string.match(leases[i], '^([^. ]+)%S* %d+ (%d+) %d+$')
    if of and tonumber(till) > now then held[of] = (held[of] or 0) + 1 end
  end
  local own = demands and 0 or held[replica] or 0
  if own > 0 and now - first < 500 then return refused end  -- others may be starting in this moment
  local others = redis.call('HGETALL', looks)
  for i = 1, #others, 2 do
    local since, its_known = look_of(others[i + 1])
    if not since then
      redis.call('HDEL', looks, others[i])
    elseif others[i] ~= replica then
      if (held[others[i]] or 0) < own then return refused end
      if its_known > known and its_known > number then return refused end
    end
  end
end

local fence = text(math.max((tonumber(redis.call('GET', prefix .. 'fence') or 0) or 0) + 1, now))
redis.call('SET', prefix .. 'fence', fence, 'PX', MONTH)
redis.call('HDEL', meta, 'free')
redis.call('HDEL', looks, replica)
hold(account, holder, fence, length)
return {fence, text(number)}
"""
)
"""ACCOUNT HOLDER LENGTH KNOWN LED_LAST DEMANDS FENCE: the fence of the lease ('0': none), and the newest number."""

WRITE = (
    _COMMON
    + """
local account, holder, fence = ARGV[1], ARGV[2], ARGV[3]
local length, known = tonumber(ARGV[4]), tonumber(ARGV[5])
local meta, numbers, ends = prefix .. account .. ':meta', prefix .. account .. ':numbers', prefix .. account .. ':ends'
-- whatever may fail is asked before anything is written
local number = tonumber(redis.call('HGET', meta, 'number') or 0) or 0
redis.call('ZCARD', numbers)
redis.call('ZCARD', ends)
if not held_by(account, holder, fence) then return {'lost', text(number), '0', '0'} end
if number > known then return {'unread', text(number), '0', '0'} end
local behind = number < known and '1' or '0'
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
redis.call('HSET', meta, 'number', text(number))
for _, key in ipairs({meta, numbers, ends}) do redis.call('PEXPIRE', key, MONTH) end
hold(account, holder, fence, length)
return {'kept', text(number), wanted_from(account, holder) and '1' or '0', behind}
"""
)
"""ACCOUNT HOLDER FENCE LENGTH KNOWN, then KEY AGE KEEP VALUE of each entry: what came of it, the newest entry's number,
whether somebody wants the account, and whether Redis had older data than the writer knows."""

READ = (
    _COMMON
    + """
local account, after, most = ARGV[1], ARGV[2], ARGV[3]
local numbers, ends = prefix .. account .. ':numbers', prefix .. account .. ':ends'
local found = redis.call('ZRANGEBYSCORE', numbers, '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
local answer = {text(now), redis.call('HGET', prefix .. account .. ':meta', 'number') or '0'}
for i = 1, #found, 2 do
  local till = tonumber(redis.call('ZSCORE', ends, found[i]) or 0)
  answer[#answer + 1] = found[i]
  answer[#answer + 1] = text(tonumber(found[i + 1]))
  answer[#answer + 1] = till > now and '1' or '0'
  answer[#answer + 1] = redis.call('GET', prefix .. account .. ':entry:' .. found[i])
end
return answer
"""
)
"""ACCOUNT AFTER MOST: the time, the newest number, then key, number, whether it should be there, and value of each."""

RENEW = (
    _COMMON
    + """
local length = tonumber(ARGV[1])
local answer = {}
for i = 2, #ARGV - 2, 3 do
  local account, holder, fence = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local told = 'lost'
  if held_by(account, holder, fence) then
    hold(account, holder, fence, length)
    told = wanted_from(account, holder) and 'wanted' or 'kept'
  end
  answer[#answer + 1] = told
end
return answer
"""
)
"""LENGTH, then ACCOUNT HOLDER FENCE of each lease: what became of each."""

RELEASE = (
    _COMMON
    + """
local account, holder, fence = ARGV[1], ARGV[2], ARGV[3]
if held_by(account, holder, fence) then redis.call('HDEL', prefix .. 'leases', account) end
local who = string.match(redis.call('HGET', prefix .. 'demands', account) or '', '^(%S+) ')
if who == holder then redis.call('HDEL', prefix .. 'demands', account) end
redis.call('HDEL', prefix .. account .. ':looks', string.match(holder, '^[^.]+'))
return {}
"""
)
"""ACCOUNT HOLDER FENCE: nothing."""
