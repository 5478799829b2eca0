// The standard streams and the signals of a server, as file descriptors. The only place of this
// room that calls the operating system.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace cortex::mcp {

// Takes SIGINT, SIGTERM and SIGHUP out of their default action for the whole process, from threads
// started later too. Make it before the first thread.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  int descriptor() const { return descriptor_; }  // readable once one came; -1 when there is none

 private:
  int descriptor_ = -1;
};

enum class Input { kBytes, kEnd, kStopped };
// Waits for bytes of stdin or for a signal. kEnd also when stdin cannot be read.
Input read_input(const StopSignal& stop, std::span<char> buffer, std::size_t& size);

// A write of a few kB to stdout would not wait.
bool stdout_is_ready();
// All of it. False when the reader is gone or stdout is full for good.
bool write_stdout(std::string_view text);
void write_stderr(std::string_view text);  // best effort

// Ends the process at once, without waiting for its threads.
[[noreturn]] void leave(int status);

}  // namespace cortex::mcp
