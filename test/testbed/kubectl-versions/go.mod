// Marks this directory as a module of its own; what is built are the <version>.mod files beside it (go build -modfile).
module drover.test/kubectl

go 1.26.0
