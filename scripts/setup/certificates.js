import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {run} from './process.js'

const extensions = `
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
[server]
subjectAltName = IP:127.0.0.1, DNS:localhost
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
`

/**
 * Creates what an engine on 127.0.0.1 and its clients need for TLS: an authority, and a certificate for each side. They are
 * valid for two days.
 *
 * @param {string} folder gets the folders `server` and `client`
 * @returns {Promise<{authority: string, certificate: string, key: string, clientFolder: string}>} the files of the server, and
 *   the folder with the client's, named as docker names them: ca.pem, cert.pem, key.pem
 */
export async function makeCertificates(folder) {
  const [server, client] = [join(folder, 'server'), join(folder, 'client')]
  await mkdir(server, {mode: 0o700})
  await mkdir(client, {mode: 0o700})
  const config = join(server, 'openssl.cnf')
  await writeFile(config, extensions)
  const [authority, authorityKey] = [join(server, 'ca.pem'), join(server, 'ca-key.pem')]
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout']
  const request = ['req', '-config', config, '-batch', ...newKey]
  const selfSigned = [
    '-x509',
    '-days',
    '2',
    '-extensions',
    'authority',
    '-subj',
    '/CN=keg authority',
    '-out',
    authority,
  ]
  await run('openssl', [...request, authorityKey, ...selfSigned])
  for (const [side, sideFolder] of /** @type {const} */ ([
    ['server', server],
    ['client', client],
  ])) {
    const signingRequest = join(server, `${side}.csr`)
    await run('openssl', [
      ...request,
      join(sideFolder, 'key.pem'),
      '-new',
      '-subj',
      `/CN=keg ${side}`,
      '-out',
      signingRequest,
    ])
    const certificateOptions = [
      '-days',
      '2',
      '-extfile',
      config,
      '-extensions',
      side,
      '-out',
      join(sideFolder, 'cert.pem'),
    ]
    const signer = ['-CA', authority, '-CAkey', authorityKey, '-CAcreateserial']
    await run('openssl', ['x509', '-req', '-in', signingRequest, ...signer, ...certificateOptions])
  }
  await run('cp', [authority, join(client, 'ca.pem')])
  return {authority, certificate: join(server, 'cert.pem'), key: join(server, 'key.pem'), clientFolder: client}
}
