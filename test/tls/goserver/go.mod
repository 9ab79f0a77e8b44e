module drover.test/goserver

go 1.25.0
