/** Files of real teams' taps for the old keg, each file reduced to what is special about it. */

const compose = `version: "3.8"
services:
  shop:
    privileged: true
    environment:
      - DOC_APP_PATH
      - KEG_EXEC_CMD
      - KEG_DOCKER_EXEC
      - NODE_ENV
    ports:
      - \${API_PORT}:\${API_PORT}
`

/** Uses its own alias everywhere, templates in plain commands, and actions in both files. */
export const shop = {
  'tap.js': "const path = require('path')\nmodule.exports = {\n  name: 'shop-app',\n  keg: {alias: 'shop'},\n}\n",
  'container/Dockerfile': 'ARG KEG_BASE_IMAGE\nFROM $KEG_BASE_IMAGE\n',
  'container/docker-compose.yml': compose,
  'container/values.yml': `actions:
  tap:
    build:
      cmds:
        - yarn web:build
        - cp -R {{ envs.DOC_APP_PATH }}/web-build {{ envs.DOC_BUILD_PATH }}
    serve:
      detached: true
      cmds: npx serve {{ envs.DOC_BUILD_PATH }}
env:
  KEG_BASE_IMAGE: ghcr.io/acme/tap:develop
  KEG_IMAGE_FROM: ghcr.io/acme/shop:develop
  KEG_CONTEXT_PATH: "{{ cli.taps.shop.path }}"
  KEG_DOCKER_FILE: "{{ cli.taps.shop.path }}/container/Dockerfile"
  KEG_COMPOSE_DEFAULT: "{{ cli.taps.shop.path }}/container/docker-compose.yml"
  CLI_PATH: "{{ cli.paths.cli }}"
  DOC_APP_PATH: /keg/tap
  DOC_BUILD_PATH: /keg/tap-build
  DOC_CORE_PATH: /keg/tap/node_modules/keg-core
  KEG_PROXY_PORT: 19006
  KEG_EXEC_CMD: tap:start
  IMAGE: shop
  VERSION: 1.0.0
  CONTAINER_NAME: shop
  CHOKIDAR_USEPOLLING: 1
`,
  'container/mutagen.yml': `sync:
  shop:
    alpha: "/keg/tap"
    beta: "docker://tap/keg/tap"
    mode: "one-way-replica"
    ignore:
      vcs: true
      paths:
        - "node_modules"
        - "/.*"
        - "!/.npmrc"
actions:
  core:
    install: {location: /keg/tap/node_modules/keg-core, privileged: true, cmds: [yarn install], detach: false}
    att: {location: /keg/tap/node_modules/keg-core, cmd: bash}
  tap:
    start:
      location: /keg/tap
      cmds: [yarn tap:start]
`,
}

/** Actions without a group, the obsolete style of templates, and an invalid file of Mutagen. */
export const retheme = {
  'package.json': '{"name": "@acme/retheme", "keg": {"cli": {"link": {"name": "retheme"}}}}',
  'container/Dockerfile': 'FROM busybox\n',
  'container/docker-compose.yml': compose.replaceAll('shop', 'retheme'),
  'container/values.yml': `actions:
  install:
    location: /keg/app
    cmds:
      - yarn install
  start:
    location: /keg/app
    detach: true
    cmds:
      - yarn dev
env:
  KEG_CONTEXT_PATH: "{{ cli.taps.links.rc }}"
  KEG_MUTAGEN_FILE: "{{ cli.taps.links.rc }}/container/values.yml"
  GIT_RETHEME_URL: "{{ cli.git.orgUrl }}/re-theme.git"
  DOC_APP_PATH: /keg/app
  VERSION: "0.0.1"
`,
}

/** Its container is not named like the tap, its compose file has other services, and its settings are beside keg's. */
export const herkin = {
  'tap.json': '{"keg": {"alias": "herkin"}}',
  Dockerfile: 'FROM busybox\n',
  'container/docker-compose.yaml': 'services:\n  keg-herkin:\n    environment: [ENV]\n  browser:\n    image: chrome\n',
  'container/docker-compose-development.yml': 'services:\n  keg-herkin: {}\n',
  'container/values.yaml': `env:
  KEG_CONTEXT_PATH: {{ cli.taps.herkin.path }}
  CONTAINER_NAME: keg-herkin
`,
  'container/values_qa.yaml': 'env:\n  NODE_ENV: qa\n',
  'container/mutagen.yaml': `sync:
  defaults:
    permissions: {defaultFileMode: 0664, defaultDirectoryMode: "0775", defaultGroup: app}
  keg-herkin:
    mergeDefault: true
    mode: two-way-safe
    defaultFileMode: 644
    ignore:
      paths: /tests
`,
}
