// A Bluesky of one's own on 127.0.0.1: directory (PLC), data server (PDS) and AppView. Ends when
// its standard input does, so that it never outlives the test that started it.
const net = require('net')

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (where, ...rest) {
  // The servers of dev-env would listen on every interface.
  if (typeof where === 'number') {
    const callbacks = rest.filter((argument) => typeof argument === 'function')
    return listen.call(this, where, '127.0.0.1', ...callbacks)
  }
  if (where?.port != null) where = { ...where, host: '127.0.0.1' }
  return listen.call(this, where, ...rest)
}

const { TestBsky, TestPds, TestPlc, mockNetworkUtilities } = require('@atproto/dev-env')

async function main() {
  const [pdsPort, appviewPort] = process.argv.slice(2).map(Number)
  const plc = await TestPlc.create({})
  const appview = await TestBsky.create({
    port: appviewPort,
    plcUrl: plc.url,
    repoProvider: `ws://localhost:${pdsPort}`,
    dbPostgresUrl: process.env.POSTGRES_URL,
    dbPostgresSchema: 'appview',
  })
  const pds = await TestPds.create({
    port: pdsPort,
    hostname: 'localhost',
    didPlcUrl: plc.url,
    bskyAppViewUrl: appview.url,
    bskyAppViewDid: appview.ctx.cfg.serverDid,
    enableDidDocWithSession: true,
  })
  mockNetworkUtilities(pds, appview)
  process.stdin.on('end', () => process.exit(0)).resume()
  console.log(JSON.stringify({ version: require('@atproto/pds/package.json').version }))
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
