// What statements cost, counted instead of timed: for tests and benches of what is built on this
// room. Nothing of the product uses it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace cortex::sqlite {

struct Work {
  std::uint64_t statements = 0;  // that ended, those inside triggers not counted
  std::uint64_t scanned = 0;     // rows that a scan without an index went over
  std::uint64_t sorts = 0;       // sorts that no index saved
  std::uint64_t steps = 0;       // instructions of SQLite's machine: grows with rows visited

  Work& operator+=(const Work& other);
};

// Counts the statements of every connection that is opened while it lives, by this process. One at
// a time, used by one thread together with the connections that it counts.
class WorkCount {
 public:
  WorkCount();
  ~WorkCount();
  WorkCount(const WorkCount&) = delete;
  WorkCount& operator=(const WorkCount&) = delete;

  Work total() const;
  // By the text of the statement.
  const std::map<std::string, Work>& by_text() const { return by_text_; }
  void reset() { by_text_.clear(); }

 private:
  friend struct WorkHook;
  std::map<std::string, Work> by_text_;
};

}  // namespace cortex::sqlite
