// A working day over MCP with the TypeScript SDK: `@modelcontextprotocol/sdk` (1.x) or `@modelcontextprotocol/client` (2.x).
//
//     node day.mjs JOB    as day.py, with "package" and "modules" (the folder of node_modules)
//
// Prints one line of JSON: {"client", "protocol", "passed", "problems"}.
import {readFileSync, existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const job = JSON.parse(process.argv[2]);
const require = createRequire(job.modules + '/x.js');
const load = name => import(pathToFileURL(require.resolve(name)).href);

async function classes() {
  if (job.package.endsWith('/client')) {
    const main = await load(job.package), stdio = await load(job.package + '/stdio');
    return {...main, ...stdio};
  }
  return {...await load(job.package + '/client/index.js'), ...await load(job.package + '/client/stdio.js'),
          ...await load(job.package + '/client/streamableHttp.js')};
}

const known = {...job.known};
function fill(value) {
  if (typeof value === 'string') {
    return Object.entries(known).reduce((text, [name, other]) => text.replaceAll('$' + name, other), value);
  }
  if (Array.isArray(value)) return value.map(fill);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)]));
  }
  return value;
}
const missing = (wanted, present) => wanted.filter(name => !present.includes(name)).join(', ');

const ways = {
  async tools(client, step) { return missing(step.has, (await client.listTools()).tools.map(tool => tool.name)); },
  async call(client, step) {
    let result;
    try {
      result = await client.callTool({name: step.tool, arguments: step.args});
    } catch (error) {
      return step.refused && error.code < 0 ? '' : String(error);
    }
    if (result.isError || step.refused) return result.isError && step.refused ? '' : JSON.stringify(result.content);
    const out = result.structuredContent;
    for (const [key, wanted] of Object.entries(step.check ?? {})) {
      if (out[key] !== wanted) return `${key}: want ${wanted}, got ${out[key]}`;
    }
    for (const [key, least] of Object.entries(step.least ?? {})) {
      if (!(out[key] >= least)) return `${key}: want ${least} at least, got ${out[key]}`;
    }
    for (const [name, key] of Object.entries(step.keep ?? {})) known[name] = out[key];
    return '';
  },
  async resources(client, step) {
    return missing(step.has, (await client.listResources()).resources.map(row => row.uri));
  },
  async read(client, step) {
    const text = (await client.readResource({uri: step.uri})).contents[0].text;
    return text.includes(step.text) ? '' : text.slice(0, 300);
  },
  async prompt(client, step) {
    const result = await client.getPrompt({name: step.name, arguments: step.args});
    return result.messages.some(message => message.content.text.includes(step.text)) ? '' : 'text is missing';
  },
  async complete(client, step) {
    const result = await client.complete({ref: {type: 'ref/resource', uri: step.uri},
                                          argument: {name: step.argument, value: step.value}});
    return missing(step.has, result.completion.values);
  },
};

const {Client, StdioClientTransport, StreamableHTTPClientTransport} = await classes();
const version = JSON.parse(readFileSync(`${job.modules}/${job.package}/package.json`, 'utf8')).version;
const client = new Client({name: 'a working day', version: '1'}, job.options ?? {});
const transport = job.url
  ? new StreamableHTTPClientTransport(new URL(job.url), {requestInit: {headers: {Authorization: 'Bearer ' + job.bearer}}})
  : new StdioClientTransport({command: job.command[0], args: job.command.slice(1), env: job.env, stderr: 'ignore'});
let told = '';
const keep = transport.setProtocolVersion?.bind(transport);
transport.setProtocolVersion = version => { told = version; keep?.(version); };
await client.connect(transport);
const problems = [];
let passed = 0;
for (const step of JSON.parse(readFileSync(job.steps, 'utf8'))) {
  if (!known.TOKEN && existsSync(job.token_file)) known.TOKEN = readFileSync(job.token_file, 'utf8').trim();
  const filled = fill(step);
  const problem = await ways[step.do](client, filled);
  if (problem) problems.push(`${step.do} ${filled.tool ?? filled.uri ?? ''}: ${problem}`);
  else passed += 1;
}
const protocol = client.getNegotiatedProtocolVersion?.() ?? told;
await client.close();
console.log(JSON.stringify({client: `${job.package} ${version}`, protocol, passed, problems}));
process.exit(0);
