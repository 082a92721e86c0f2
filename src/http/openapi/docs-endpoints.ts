/** `/openapi.json`, and `/docs`: Swagger UI with files from this machine only, read when somebody asks. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { kinds } from '../../model/kinds.ts'
import { version } from '../../version.ts'
import { type Answer, ok, problem } from '../answer.ts'
import { type Endpoints, endpoint } from '../endpoint.ts'
import { openApiDocument } from './document.ts'

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Tortie API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`
const start = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true })\n"

/** The files of the page, by name: nothing else is read. */
const types: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

/** @param endpoints those that the document describes */
export function docsEndpoints(endpoints: Endpoints): Endpoints {
  const answers = { 200: { description: 'A page or a part of it', type: 'text/html' } }
  return {
    '/openapi.json': {
      GET: endpoint({ summary: 'This document', answers: { 200: { description: 'OpenAPI 3.1' } } }, () =>
        ok(openApiDocument(endpoints, kinds, version)),
      ),
    },
    '/docs': { GET: endpoint({ summary: 'The API as a page', answers }, () => text('text/html; charset=utf-8', page)) },
    '/docs/:file': { GET: endpoint({ summary: 'Parts of the page', answers }, ({ params: { file = '' } }) => part(file)) },
  }
}

async function part(file: string): Promise<Answer> {
  if (file === 'start.js') return text('text/javascript; charset=utf-8', start)
  const type = Object.hasOwn(types, file) ? types[file] : undefined
  if (type === undefined) return problem(404, `there is no ${file} here`)
  const directory = dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json'))
  return { status: 200, body: await readFile(join(directory, 'static', file)), type }
}

function text(type: string, body: string): Answer {
  return { status: 200, body: Buffer.from(body), type }
}
