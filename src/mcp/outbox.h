// Replies in the order of their requests, whoever finishes first; written without making those who
// answer wait for a slow reader. One text, one line.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace cortex::mcp {

class Outbox {
 public:
  // Bytes that may wait for the reader; then those who answer wait too.
  static constexpr std::size_t kWaitingBytesMax = 64U << 20;
  // Lines up to this size are written at once when the reader can take them.
  static constexpr std::size_t kDirectBytesMax = 4096;

  struct Pipe {
    std::function<bool()> ready;                  // a write of kDirectBytesMax would not block
    std::function<void(std::string_view)> write;  // all of it; knows itself what to do about errors
  };

  explicit Outbox(Pipe pipe);
  ~Outbox();  // writes what is filled, then ends its thread
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // A place in the order. Each is filled exactly once, with "" when there is nothing to say.
  std::uint64_t reserve();
  void fill(std::uint64_t place, std::string text);
  // Overtakes what is not filled yet: ping, progress.
  void send(std::string text);
  // Waits until everything filled is written.
  void flush();

 private:
  void append(std::string text);  // with the lock held
  void push(std::unique_lock<std::mutex>& lock);
  void run();

  Pipe pipe_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_reserved_ = 0, next_written_ = 0;
  std::map<std::uint64_t, std::string> early_;  // filled, with an earlier place still open
  std::string ready_;                           // lines to write
  bool writing_ = false, closing_ = false;
  std::thread thread_;
};

}  // namespace cortex::mcp
