import {readModel, type ComposeModel} from '../../../../src/lib/compose/compose-model.js'

/** A model as from `docker compose config`, with an app `shop` and its database. */
export function exampleModel(): ComposeModel {
  return readModel(
    JSON.stringify({
      name: 'container',
      services: {
        db: {
          image: 'db:1',
          container_name: 'the-db',
          networks: {default: null},
          ports: [{mode: 'ingress', target: 5432, published: '5432', protocol: 'tcp'}],
        },
        shop: {
          build: {context: '/home/me/shop', dockerfile: 'container/Dockerfile'},
          container_name: 'the-shop',
          depends_on: {db: {condition: 'service_started'}},
          environment: {DOC_APP_PATH: '/app', NODE_ENV: null, PRICE: '5$$'},
          labels: {team: 'a', 'com.keg.folder': '/somebody/else'},
          networks: {default: null},
          ports: [
            {mode: 'ingress', host_ip: '127.0.0.1', target: 9229, published: '9229', protocol: 'tcp'},
            {mode: 'ingress', target: 53, published: '5353', protocol: 'udp'},
          ],
        },
      },
      networks: {default: {name: 'container_default'}},
      volumes: {data: {name: 'container_data'}},
    }),
  )
}
