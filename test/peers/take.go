package main

import (
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/rancher/remotedialer"
)

// takeFrom dials once, and with each request reads once from the stream: all that has arrived, up to 8 MiB. The answer
// is the number of bytes.
func takeFrom(address string, dialer remotedialer.Dialer) http.HandlerFunc {
	var mutex sync.Mutex
	var conn net.Conn
	buffer := make([]byte, 8<<20)
	return func(rw http.ResponseWriter, req *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		if conn == nil {
			fresh, err := dialer(req.Context(), "tcp", address)
			if err != nil {
				http.Error(rw, err.Error(), http.StatusBadGateway)
				return
			}
			conn = fresh
		}
		count, err := conn.Read(buffer)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = fmt.Fprint(rw, count)
	}
}
