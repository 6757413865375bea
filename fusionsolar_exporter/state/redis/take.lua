-- ACCOUNT HOLDER LENGTH KNOWN LED_LAST DEMANDS FENCE DELAY: the fence of the lease ('0': none), the newest number, and
-- when it makes sense to ask again.
local account, holder, length, known = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local led_last, demands, own_fence, delay = ARGV[5] == '1', ARGV[6] == '1', ARGV[7], tonumber(ARGV[8])
local meta = prefix .. account .. ':meta'
local number = tonumber(redis.call('HGET', meta, 'number') or 0) or 0
local function refused(left) return {'0', text(number), text(left)} end
local AGAIN = 1000

if demands and not wanted_from(account, holder) then
  redis.call('HSET', prefix .. 'demands', account, holder .. ' ' .. text(now + math.max(length, 5000)))
  redis.call('PEXPIRE', prefix .. 'demands', MONTH)
end
local lease = lease_of(account)
-- a lease of ours with another fence: the answer that gave it was lost, or Redis came back from before we lost it
if lease and lease.holder == holder and (lease.fence == own_fence or known <= number) then
  if wanted_from(account, holder) then
    redis.call('HDEL', prefix .. 'leases', account)
    return refused(AGAIN)
  end
  hold(account, holder, lease.fence, length)
  return {lease.fence, text(number), '0'}
end

if lease and lease.till > now then
  if lease.till > now + lease.length then  -- the clock of Redis was set back
    hold(account, lease.holder, lease.fence, lease.length)
  end
  redis.call('HDEL', meta, 'free', 'ahead')
  return refused(AGAIN)
end
if wanted_from(account, holder) then return refused(AGAIN) end

-- who led last goes on at once; others leave it a moment after an end that nobody announced, and where they know more
-- than Redis does; then whoever's delay is over first, but not before one that knows more and waits too
if not (led_last and known >= number) then
  local free = tonumber(redis.call('HGET', meta, 'free') or now) or now
  redis.call('HSET', meta, 'free', text(free))
  redis.call('PEXPIRE', meta, MONTH)
  local most, seen = string.match(redis.call('HGET', meta, 'ahead') or '', '^(%d+) (%d+)$')
  most = seen and now - tonumber(seen) <= math.max(3 * AGAIN, length / 3) and tonumber(most) or 0
  if most > number and most > known then return refused(AGAIN) end
  if known > number then redis.call('HSET', meta, 'ahead', text(known) .. ' ' .. text(now)) end
  local pause = (lease or known > number) and length / 3 or 0
  local left = free + pause + delay - now
  if left > 0 then return refused(math.ceil(left)) end
end

local fence = text(math.max((tonumber(redis.call('GET', prefix .. 'fence') or 0) or 0) + 1, now))
redis.call('SET', prefix .. 'fence', fence, 'PX', MONTH)
redis.call('HDEL', meta, 'free', 'ahead')
hold(account, holder, fence, length)
return {fence, text(number), '0'}
