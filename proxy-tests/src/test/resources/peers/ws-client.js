// A client with Node's ws: one step after the other, each on the answer to the last. Arguments: URL, and who closes.
const { WebSocket } = require('ws');

const socket = new WebSocket(process.argv[2], ['chat', 'superchat'], { perMessageDeflate: { threshold: 0 } });
const say = (...words) => console.log(words.join(' '));
let messages = 0;
socket.on('open', () => {
  say('open', socket.protocol);
  say('extensions', socket.extensions);
  socket.ping('are you there');
});
socket.on('pong', payload => {
  say('pong', payload);
  socket.send('h\u00e9llo');
});
socket.on('message', (data, binary) => {
  say('message', binary ? 'binary' : data, data.length);
  if (++messages === 1) {
    socket.send(Buffer.alloc(1 << 20, 7));
  } else {
    socket.close(4001, 'bye');
  }
});
socket.on('close', (code, reason) => say('closed', code, reason));
socket.on('unexpected-response', (request, response) => say('refused', response.statusCode));
socket.on('error', error => say('error', error.message));
