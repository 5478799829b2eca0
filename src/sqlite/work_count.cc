#include "sqlite/work_count.h"

#include <sqlite3.h>

#include "base/check.h"

namespace cortex::sqlite {

// SQLite calls it for every connection and every statement; it has no place for a pointer where
// connections are opened.
struct WorkHook {
  static inline WorkCount* counting = nullptr;

  static std::uint64_t taken(sqlite3_stmt* statement, int counter) {
    return static_cast<std::uint64_t>(sqlite3_stmt_status(statement, counter, 1));
  }

  static int ended(unsigned, void*, void* ended_statement, void*) {
    if (counting == nullptr) return 0;
    auto* statement = static_cast<sqlite3_stmt*>(ended_statement);
    const char* text = sqlite3_sql(statement);
    counting->by_text_[text == nullptr ? "" : text] +=
        Work{.statements = 1,
             .scanned = taken(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP),
             .sorts = taken(statement, SQLITE_STMTSTATUS_SORT),
             .steps = taken(statement, SQLITE_STMTSTATUS_VM_STEP)};
    return 0;
  }

  static int opened(sqlite3* db, char**, const sqlite3_api_routines*) {
    return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, ended, nullptr);
  }

  // The type that SQLite asks for; it calls the function with the arguments of opened().
  using Entry = void (*)();
  static Entry entry() { return reinterpret_cast<Entry>(opened); }
};

Work& Work::operator+=(const Work& other) {
  statements += other.statements;
  scanned += other.scanned;
  sorts += other.sorts;
  steps += other.steps;
  return *this;
}

WorkCount::WorkCount() {
  CORTEX_CHECK(WorkHook::counting == nullptr);
  CORTEX_CHECK(sqlite3_auto_extension(WorkHook::entry()) == SQLITE_OK);
  WorkHook::counting = this;
}

WorkCount::~WorkCount() {
  sqlite3_cancel_auto_extension(WorkHook::entry());
  WorkHook::counting = nullptr;
}

Work WorkCount::total() const {
  Work all;
  for (const auto& [text, work] : by_text_) all += work;
  return all;
}

}  // namespace cortex::sqlite
