package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/creack/pty"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// executor runs the commands of all pods as processes of this machine.
type executor struct{ dir string }

// ExecInContainer implements remotecommand.Executor. It returns when the command has ended and its output is sent.
func (e executor) ExecInContainer(ctx context.Context, pod, _, _ string, args []string, stdin io.Reader,
	stdout, stderr io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration,
) error {
	if len(args) == 0 {
		return errors.New("no command")
	}
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Dir = e.dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + e.dir, "HOSTNAME=" + pod, "TERM=xterm"}
	// A command must not outlive the test bed.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if tty {
		return withExitCode(runOnTerminal(command, stdin, stdout, resize))
	}
	return withExitCode(run(command, stdin, stdout, stderr))
}

func run(command *exec.Cmd, stdin io.Reader, stdout, stderr io.Writer) error {
	if stdout != nil {
		command.Stdout = stdout
	}
	if stderr != nil {
		command.Stderr = stderr
	}
	if stdin == nil {
		return command.Run()
	}
	// With command.Stdin = stdin the command's end would wait for the client to end its input.
	input, err := command.StdinPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(input, stdin)
		_ = input.Close()
	}()
	return command.Wait()
}

func runOnTerminal(command *exec.Cmd, stdin io.Reader, stdout io.Writer,
	resize <-chan remotecommand.TerminalSize,
) error {
	terminal, err := pty.Start(command)
	if err != nil {
		return err
	}
	go func() {
		for size := range resize {
			_ = pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
		}
	}()
	if stdin != nil {
		go func() { _, _ = io.Copy(terminal, stdin) }()
	}
	if stdout == nil {
		stdout = io.Discard
	}
	// Reading fails with EIO when the last process has closed the terminal; only then is the output complete.
	_, _ = io.Copy(stdout, terminal)
	// Before the wait: a command whose client is gone gets SIGHUP instead of a terminal that nobody reads.
	_ = terminal.Close()
	return command.Wait()
}

// withExitCode makes an exit code known to the streaming library, which looks for this type.
func withExitCode(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return utilexec.CodeExitError{Err: err, Code: code}
}
