-- ACCOUNT HOLDER LENGTH KNOWN LED_LAST RECENT DEMANDS FENCE DELAY: the fence of the lease ('0': none), the newest
-- number, and when it makes sense to ask again. Recent is whose own lease would be good, had Redis not forgotten it.
local account, holder, length, known = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local led_last, recent, demands = ARGV[5] == '1', ARGV[6] == '1', ARGV[7] == '1'
local own_fence, delay = ARGV[8], tonumber(ARGV[9])
local meta = prefix .. account .. ':meta'
local number = tonumber(redis.call('HGET', meta, 'number') or 0) or 0
local function refused(left) return {'0', text(number), text(left)} end
local AGAIN = 1000

if demands and not wanted_from(account, holder) then
  redis.call('HSET', prefix .. 'demands', account, holder .. ' ' .. text(now + math.max(length, 5000)))
  redis.call('PEXPIRE', prefix .. 'demands', MONTH)
end
local lease = lease_of(account)
-- it may have lost leases at its start, of which those who hold them know
local young = started + length > now
-- a lease of ours with another fence: the answer that gave it was lost, or Redis came back from before we lost it
if lease and lease.holder == holder and (lease.fence == own_fence or known <= number) and (recent or not young) then
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

-- who led last goes on at once, where nobody else can have led since: within its own lease, or where Redis has lost
-- nothing. Others leave it a moment after an end that nobody announced, and a whole lease where Redis has forgotten
-- leases: a request may be on its way. Then whoever's delay is over first, but not before one that knows more and
-- waits too
if not (led_last and (recent or known == number and not young)) then
  local free = tonumber(redis.call('HGET', meta, 'free') or now) or now
  redis.call('HSET', meta, 'free', text(free))
  redis.call('PEXPIRE', meta, MONTH)
  local most, seen = string.match(redis.call('HGET', meta, 'ahead') or '', '^(%d+) (%d+)$')
  most = seen and now - tonumber(seen) <= math.max(3 * AGAIN, length / 3) and tonumber(most) or 0
  if most > number and most > known then return refused(AGAIN) end
  if known > number then redis.call('HSET', meta, 'ahead', text(known) .. ' ' .. text(now)) end
  local pause = known > number and length or lease and length / 3 or 0
  local left = math.max(free + pause, young and started + length or 0) + delay - now
  if left > 0 then return refused(math.ceil(left)) end
end

local fence = text(math.max((tonumber(redis.call('GET', prefix .. 'fence') or 0) or 0) + 1, now))
redis.call('SET', prefix .. 'fence', fence, 'PX', MONTH)
redis.call('HDEL', meta, 'free', 'ahead')
hold(account, holder, fence, length)
return {fence, text(number), '0'}
