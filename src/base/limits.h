// Every limit of the program, with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cortex::limits {

// Arrays and objects open at once in one JSON document (docs/formats.md, 4.5); 128 is a "recursion
// limit" error.
inline constexpr int kJsonDepthMax = 127;
// Block in which files are read and hashed. Large enough for sequential speed, small enough for
// constant memory.
inline constexpr std::size_t kIoBlockBytes = 1U << 20;
// One session event; protects memory, far above anything an agent writes.
inline constexpr std::size_t kEventBytesMax = 32U << 20;
// One ledger row. An event grows by less than five times when its numbers are written out.
inline constexpr std::size_t kRowBytesMax = 256U << 20;
// Rows shown in full in one failure report; the total is always counted.
inline constexpr std::size_t kFailuresShownMax = 1000;
// Different key ids whose authority is judged in one ledger; honest ledgers have a handful.
inline constexpr std::size_t kSignersMax = 1000;
// How long a writer waits for another one's append lock, in milliseconds.
inline constexpr int kLockWaitMillisMax = 30'000;
// SQLite busy timeout, in milliseconds (docs/formats.md, 9.1).
inline constexpr int kSqliteBusyMillis = 5'000;

}  // namespace cortex::limits
