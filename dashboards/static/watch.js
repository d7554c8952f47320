// A tick a second from a worker: the timers of a page in a hidden tab are slowed down, a worker's are not.
setInterval(() => postMessage(0), 1000);
