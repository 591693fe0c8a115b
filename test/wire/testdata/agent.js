// A front proxy as people write it with Node: one kept-alive connection to the gateway, shared by all clients. It reads
// what it can, so that as much as possible comes through.
const http = require('node:http')
const [listen, to] = process.argv.slice(2).map((a) => new URL(`http://${a}`))
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

function ask(req, res) {
  const out = http.request({
    host: to.hostname, port: to.port, method: req.method, path: req.url, headers: req.rawHeaders, agent, insecureHTTPParser: true,
  }, (answer) => {
    try {
      res.writeHead(answer.statusCode, answer.rawHeaders)
      answer.pipe(res)
    } catch { // what cannot be written again
      res.destroy()
    }
    answer.on('error', () => res.destroy())
  })
  out.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()))
  res.on('close', () => out.destroy())
  req.on('error', () => out.destroy())
  req.pipe(out)
}

const server = http.createServer({ insecureHTTPParser: true }, (req, res) => {
  try {
    ask(req, res)
  } catch { // what cannot be written again
    res.writeHead(400).end()
  }
})
server.on('clientError', (_, socket) => socket.destroy())
server.on('connect', (_, socket) => socket.destroy())
server.listen(listen.port, listen.hostname)
process.on('SIGTERM', () => process.exit(0))
