// How far a long operation is, for somebody who looks from another thread. Costs one atomic
// addition a block; nobody has to look.
#pragma once

#include <atomic>
#include <cstdint>

namespace cortex {

class Progress {
 public:
  // `name` is static text: "copying". Starts counting anew.
  void begin_phase(const char* name, std::uint64_t bytes_total) {
    bytes_done_ = 0;
    bytes_total_ = bytes_total;
    phase_ = name;
  }
  void add(std::uint64_t bytes) { bytes_done_.fetch_add(bytes, std::memory_order_relaxed); }

  const char* phase() const { return phase_; }  // null before the first phase
  std::uint64_t bytes_done() const { return bytes_done_; }
  std::uint64_t bytes_total() const { return bytes_total_; }  // 0: not known

 private:
  std::atomic<const char*> phase_ = nullptr;
  std::atomic<std::uint64_t> bytes_done_ = 0;
  std::atomic<std::uint64_t> bytes_total_ = 0;
};

// For operations that somebody may look at, or nobody (null).
inline void begin_phase(Progress* progress, const char* name, std::uint64_t bytes_total) {
  if (progress != nullptr) progress->begin_phase(name, bytes_total);
}
inline void add_progress(Progress* progress, std::uint64_t bytes) {
  if (progress != nullptr) progress->add(bytes);
}

}  // namespace cortex
