// A server with Node's ws: takes the first subprotocol, compresses, says everything again.
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: { threshold: 0 },
  handleProtocols: offered => [...offered][0],
});
server.on('listening', () => console.log('port ' + server.address().port));
server.on('connection', socket => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  socket.on('close', (code, reason) => console.log('closed ' + code + ' ' + reason));
});
