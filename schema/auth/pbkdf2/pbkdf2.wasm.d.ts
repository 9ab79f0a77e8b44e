/** A `WebAssembly.Module` in a Worker. That class has no members, and Node's types lack it, hence `object`. */
declare const pbkdf2Module: object;
export default pbkdf2Module;
