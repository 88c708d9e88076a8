module github.com/brewline/ordermanager

go 1.26.0

require github.com/looplab/fsm v1.0.3

require github.com/qmuntal/stateless v1.7.2
