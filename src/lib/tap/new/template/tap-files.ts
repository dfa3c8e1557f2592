import {composeFile, dockerfile, mutagenFile, runScript, valuesFile} from './container-files.js'
import type {NewFile, NewTapFacts} from './new-file.js'

/** The files of a new tap that can be built and started at once, and shows a page. */
export function tapFiles(facts: NewTapFacts): NewFile[] {
  const {name} = facts
  const texts: Record<string, string> = {
    '.dockerignore': ['.git', '.env', 'node_modules', ''].join('\n'),
    'container/Dockerfile': dockerfile(facts),
    'container/docker-compose.yml': composeFile(facts),
    'container/mutagen.yml': mutagenFile(facts),
    'container/run.sh': runScript(facts),
    'container/values.yml': valuesFile(facts),
    'page/index.html': page(name),
  }
  const files = Object.entries(texts).map(([path, text]) => ({path, text, mode: path.endsWith('.sh') ? 0o755 : 0o644}))
  return [...files, aliasFile(name)]
}

/** The file with a tap's own name. */
export function aliasFile(name: string): NewFile {
  return {path: 'tap.json', text: `${JSON.stringify({keg: {alias: name}}, undefined, 2)}\n`, mode: 0o644}
}

function page(name: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${name}</title>
    <style>
      body {
        max-width: 36rem;
        margin: 4rem auto;
        padding: 0 1.25rem;
        font: 16px/1.5 system-ui, sans-serif;
      }
    </style>
  </head>
  <body>
    <h1>${name} runs</h1>
    <p>Change page/index.html here or in the container, and load this page again.</p>
  </body>
</html>
`
}
