-- What a script for wrk finds when it is loaded: the table `wrk`, whose functions are those that wrk documents.
wrk = {
    scheme = "http",
    host = "localhost",
    port = nil,
    method = "GET",
    path = "/",
    headers = {},
    body = nil,
    thread = nil,
}

-- One request as bytes; what is left out is taken from the table.
function wrk.format(method, path, headers, body)
    method = method or wrk.method
    path = path or wrk.path
    headers = headers or wrk.headers
    body = body or wrk.body
    local lines = { method .. " " .. path .. " HTTP/1.1" }
    local has_host = false
    for name, value in pairs(headers) do
        local lower = name:lower()
        if lower == "host" then
            has_host = true
        end
        if lower ~= "content-length" then
            lines[#lines + 1] = name .. ": " .. tostring(value)
        end
    end
    if not has_host then
        lines[#lines + 1] = "Host: " .. (wrk.headers["Host"] or wrk.authority)
    end
    if body then
        lines[#lines + 1] = "Content-Length: " .. #body
    end
    lines[#lines + 1] = ""
    lines[#lines + 1] = body or ""
    return table.concat(lines, "\r\n")
end
