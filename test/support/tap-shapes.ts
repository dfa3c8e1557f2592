/** Files of taps like those of real teams, for a busybox base image with the users that Mutagen's agent needs. */

export interface ShapeOptions {
  /** The base image. */
  readonly baseImage: string
  /** The image to run. */
  readonly image: string
  /** The app's port in its container, also its host port if that is free. */
  readonly port: number
}

/** Path relative to the tap's folder -> content. */
export type TapFiles = Readonly<Record<string, string>>
export type TapShape = (options: ShapeOptions) => TapFiles

/** What the app serves. */
export const pageFile = 'www/index.html'

const values = (alias: string, {baseImage, image, port}: ShapeOptions, more: readonly string[] = []): string =>
  [
    'env:',
    `  KEG_BASE_IMAGE: ${baseImage}`,
    `  KEG_IMAGE_FROM: ${image}`,
    `  KEG_CONTEXT_PATH: "{{ cli.taps.${alias}.path }}"`,
    `  KEG_DOCKER_FILE: "{{ cli.taps.${alias}.path }}/container/Dockerfile"`,
    `  KEG_VALUES_FILE: "{{ cli.taps.${alias}.path }}/container/values.yml"`,
    '  DOC_APP_PATH: /app',
    `  KEG_PROXY_PORT: ${port}`,
    '  KEG_EXEC_CMD: start',
    // As in the name of the image to run.
    `  IMAGE: ${image.replace(/^.*\/|:[^/]*$/g, '')}`,
    `  CONTAINER_NAME: ${alias}`,
    '  VERSION: 1.0.0',
    ...more,
    '',
  ].join('\n')

const dockerfile = ({port}: ShapeOptions, command: readonly string[], more: readonly string[] = []): string =>
  [
    'ARG KEG_BASE_IMAGE=keg-test-base',
    'FROM $KEG_BASE_IMAGE',
    `ENV DOC_APP_PATH=/app KEG_PROXY_PORT=${port}`,
    'WORKDIR /app',
    'COPY . /app',
    `EXPOSE ${port}`,
    ...more,
    `CMD ${JSON.stringify(command)}`,
    '',
  ].join('\n')

/** The first process of a container ignores SIGTERM unless it handles it. */
const idle = "trap 'exit 0' TERM; sleep 1000000 & wait"
const serve = 'httpd -f -p "$KEG_PROXY_PORT" -h "$DOC_APP_PATH/www"'

/** Its container idles until keg runs its command by exec; its templates use an alias that is not its link's name. */
export const idlingTap: TapShape = (options) => ({
  'tap.json': '{"keg": {"alias": "shop"}}\n',
  '.dockerignore': '.git\n',
  [pageFile]: 'A shop.\n',
  'container/Dockerfile': dockerfile(options, ['sh', 'container/run.sh']),
  'container/docker-compose.yml': [
    'version: "3.8"',
    'services:',
    '  shop:',
    '    environment: [DOC_APP_PATH, KEG_PROXY_PORT, KEG_EXEC_CMD, KEG_DOCKER_EXEC, NODE_ENV]',
    '',
  ].join('\n'),
  'container/mutagen.yml': [
    'sync:',
    '  shop:',
    '    alpha: /x',
    '    beta: docker://x/y',
    '    mode: one-way-replica',
    '    ignore: {vcs: true, paths: [node_modules, "*.lock"]}',
    '',
  ].join('\n'),
  'container/run.sh': [
    '#!/bin/sh',
    `if [ -z "$KEG_DOCKER_EXEC" ]; then ${idle}; exit; fi`,
    'echo "$KEG_DOCKER_EXEC" >/tmp/started-by',
    'echo "serving by $KEG_DOCKER_EXEC"',
    `exec ${serve}`,
    '',
  ].join('\n'),
  'container/values.yml': values('shop', options, [
    'actions:',
    '  tap:',
    '    build: {cmds: ["cp {{ envs.DOC_APP_PATH }}/www/index.html {{ envs.DOC_APP_PATH }}/www/built.html"]}',
  ]),
})

/** Its container serves by itself; it has no compose file and no sync settings. */
export const servingTap: TapShape = (options) => ({
  'package.json': '{"name": "news", "keg": {"alias": "news"}}\n',
  '.dockerignore': '.git\n',
  [pageFile]: 'The news.\n',
  'container/Dockerfile': dockerfile(
    options,
    ['sh', '-c', `${serve} & server=$!; trap 'kill $server' TERM; wait $server`],
    [
      `HEALTHCHECK --interval=1s --timeout=2s CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:${options.port}/"]`,
    ],
  ),
  'container/values.yaml': values('news', options),
})

/** Two services, a volume, and another folder name in the container. */
export const storedTap: TapShape = (options) => ({
  ...servingTap(options),
  'package.json': '{"name": "board", "keg": {"alias": "board"}}\n',
  [pageFile]: 'A board.\n',
  'container/values.yaml': values('board', options),
  'container/docker-compose.yaml': [
    'services:',
    '  board:',
    '    depends_on: [store]',
    '    environment: [DOC_APP_PATH, KEG_PROXY_PORT]',
    '  store:',
    `    image: ${options.baseImage}`,
    `    command: ["sh", "-c", ${JSON.stringify(idle)}]`,
    '    volumes: [kept:/kept]',
    'volumes:',
    '  kept: {}',
    '',
  ].join('\n'),
})
