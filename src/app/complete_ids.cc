#include "app/complete_ids.h"

#include "app/checked_store.h"

namespace cortex::app {
namespace {

// ?1: the prefix, ?2: the first text behind everything that begins so, ?3: rows at most.
std::string_view query_of(Completed kind) {
  switch (kind) {
    case Completed::kMemory:
      return "SELECT id FROM memories WHERE id >= ?1 AND id < ?2 AND status = 'active'"
             " ORDER BY id LIMIT ?3";
    case Completed::kEvent:
      return "SELECT id FROM events WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
    case Completed::kPack:
      return "SELECT id FROM context_packs WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
    case Completed::kSession:
      break;
  }
  return "SELECT DISTINCT session_id FROM (SELECT session_id FROM events ORDER BY rowid DESC"
         " LIMIT 5000) WHERE session_id >= ?1 AND session_id < ?2 ORDER BY session_id LIMIT ?3";
}

}  // namespace

Result<Completions> complete_ids(Services& services, const Layout& layout, Completed kind,
                                 std::string_view prefix, std::size_t limit) {
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  CORTEX_ASSIGN(auto found, store.connection.prepare(query_of(kind)));
  const std::string behind = std::string(prefix) + "\xF4\x8F\xBF\xBF";  // U+10FFFF
  CORTEX_TRY(
      found.bind_all(prefix, std::string_view(behind), static_cast<std::int64_t>(limit + 1)));
  Completions out;
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return out;
    if (out.values.size() == limit) {
      out.more = true;
      return out;
    }
    out.values.emplace_back(found.column_text(0));
  }
}

}  // namespace cortex::app
