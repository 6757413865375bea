-- LENGTH, then ACCOUNT HOLDER FENCE of each lease: what became of each.
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
