// What a tutorial puts behind nginx: a Node application with a WebSocket. Prints its port; ends with its input.
const http = require('http');
const { WebSocketServer } = require('ws');

const server = http.createServer((request, response) => {
  response.setHeader('X-Powered-By', 'Node');
  response.setHeader('Server', 'Node/20.1');
  response.setHeader('Content-Type', 'text/plain');
  const { host, connection } = request.headers;
  const said = ['x-real-ip', 'x-forwarded-for', 'x-forwarded-proto'].map((name) => request.headers[name]);
  response.end([request.url, host, connection, ...said].join(' '));
});

const sockets = new WebSocketServer({ server, perMessageDeflate: true });
sockets.on('connection', (socket, request) => {
  socket.send('hello ' + request.headers['x-real-ip']);
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('close', (code) => process.stdout.write('closed ' + code + '\n'));
});

server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\n'));
process.stdin.on('end', () => process.exit(0)).resume();
