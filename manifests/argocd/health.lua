-- Health of Plumbline's kinds for Argo CD: takes `obj`, returns a table with status and message.
local function condition(kind)
  for _, c in ipairs((obj.status or {}).conditions or {}) do
    if c.type == kind then return c end
  end
  return {}
end

local function is_true(c) return c.status == "True" end

local function health(status, c)
  return { status = status, message = c.message or "The operator has not processed it yet." }
end

local ready, stalled, reconciling = condition("Ready"), condition("Stalled"), condition("Reconciling")
if (obj.status or {}).observedGeneration ~= obj.metadata.generation then return health("Progressing", {}) end
if is_true(stalled) then return health("Degraded", stalled) end
if is_true(reconciling) then return health("Progressing", reconciling) end
if is_true(ready) then return health("Healthy", ready) end
if ready.reason == "Suspended" then return health("Suspended", ready) end
return health("Progressing", ready)
