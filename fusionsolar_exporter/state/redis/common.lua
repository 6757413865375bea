-- Each script does its work whole or not at all, by Redis's own clock (milliseconds). This
-- file comes before each of them, after now.lua.
--
-- Keys, all under one prefix (KEYS[1], which ends with a version):
--
--   leases          a hash from account to "HOLDER FENCE UNTIL LENGTH". A holder is "REPLICA.PARTITION": one account's
--                   partition in one process. The fence grows with every lease, so that nobody writes on a lease that
--                   has gone to another.
--   demands         a hash from account to "HOLDER UNTIL": who wants the account given up.
--   fence           the last fence given.
--   ACCOUNT:meta    "number" of the newest entry, the "count" of all, since when the lease is seen "free", and who waits
--                   for it and knows more than Redis does: "ahead" is the newest number that any of them knows, and when
--                   it looked.
--   ACCOUNT:numbers, ACCOUNT:ends
--                   sorted sets of entries, by number and by the moment at which they expire.
--   ACCOUNT:entry:KEY
--                   "WRITTEN AGE VALUE"; the age is what the entry had when it was written.
--
-- Numbers and fences never fall behind the clock. So when Redis comes back with older data, whoever knows a higher
-- number knows more than Redis, and what is written from then on is news to everybody.


local prefix = KEYS[1]
local MONTH = 31 * 24 * 3600 * 1000

local function keys_of(account)
  local own = prefix .. account
  return own .. ':meta', own .. ':numbers', own .. ':ends'
end

-- whether the keys by which entries are found agree: Redis may have thrown one of them out
local function sound(account)
  local meta, numbers, ends = keys_of(account)
  local count = tonumber(redis.call('HGET', meta, 'count') or 0) or 0
  return redis.call('ZCARD', numbers) == count and redis.call('ZCARD', ends) == count
end

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
