// Package workerman makes the program a well-behaved child of a Workerman master:
// the Composer package (php/) has a worker process of PHP replace itself with the
// program, which keeps the process's number, its open files and its place under
// the master.
//
// It owns what Workerman and its children agree on: the line of `status`, the lines
// of `connections`, what each signal asks for, the form of the log, the title of
// the process, the listening socket that the master has opened. Workerman 4 and 5
// write and do some of it differently; [Master] says which one it is.
//
// It never knows what a gateway or a Register is: the command tells it their
// figures.
package workerman
