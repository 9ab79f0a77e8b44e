/** Ends a socket that the object holds by hibernation. Without its attachment, one that lingers in closing is no session after the object's next start. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.serializeAttachment(null);
    socket.close(code, reason.slice(0, 100).replace(/[^\x20-\x7e]/g, "?"));
  } catch {
    // It is closed already.
  }
}
