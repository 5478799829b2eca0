// `memory contradiction add | interpret | resolve | list`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/memory_work.h"
#include "json/value.h"
#include "memory/conflicts.h"
#include "store/contradictions.h"

namespace cortex::app {

struct ContradictionReport {
  store::Contradiction contradiction;
  trust::Decision decision;
  std::string event_id;
  std::string winner{}, loser{};  // of a resolution that prefers one side
};

// Two different memories that both exist and are not rejected. kPrecondition: one that is not
// there, or the same pair in an open contradiction already.
Result<ContradictionReport> add_contradiction(Services& services, const Layout& layout,
                                              const Author& author, const std::string& left,
                                              const std::string& right, const std::string& type,
                                              const std::string& reason);
// What it means, without deciding: it stays open.
Result<ContradictionReport> interpret_contradiction(Services& services, const Layout& layout,
                                                    const Author& author, const std::string& id,
                                                    const std::string& interpretation);
// Decided: no longer open. `winner`: the side whose claim is preferred from now on (the resolver
// takes it as precedence); absent: both may be used.
Result<ContradictionReport> resolve_contradiction(Services& services, const Layout& layout,
                                                  const Author& author, const std::string& id,
                                                  const std::string& interpretation,
                                                  const std::optional<std::string>& winner);
json::Value to_json(const ContradictionReport& report);

struct ContradictionListing {
  struct Row {
    store::Contradiction contradiction;
    memory::Resolved resolved;  // what the resolver says of its two sides
  };
  std::vector<Row> rows;
};
// Three queries, whatever the number of rows.
Result<ContradictionListing> list_contradictions(Services& services, const Layout& layout,
                                                 bool open_only,
                                                 const std::optional<std::string>& memory_id);
json::Value to_json(const ContradictionListing& listing);

}  // namespace cortex::app
