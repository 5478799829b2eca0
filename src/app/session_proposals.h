// What sessions and imports say of themselves that may become memories: the sentences that an
// extractor hears, and the claims of other stores as candidates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "core/event.h"
#include "memory/write_gate.h"
#include "reflect/extract.h"
#include "reflect/trace.h"
#include "store/operation.h"
#include "transcript/turn.h"

namespace cortex::app {

// Lets the extractor hear an event of a person or an agent. The event must have its payload. That
// an event comes from a transcript says nothing of what it is about: that tag is left out.
void hear(const core::Event& event, reflect::Extractor& extractor);
// One that heard the events of a trace, as the store has them.
reflect::Extractor hear_all(const std::vector<reflect::TraceEvent>& events);

struct ProposalCounts {
  std::uint64_t proposed = 0;  // new candidates
  std::uint64_t known = 0;     // proposed before, whatever became of them
  std::uint64_t refused = 0;   // by the write gate
};

// Keeps the proposals of turns as candidates, a batch in one transaction; ids follow from session
// and claim, so that the same proposal is kept once. Each cites the event of its turn.
class ProposalKeeper {
 public:
  ProposalKeeper(Services& services, const Layout& layout, const memory::GatePolicy& policy,
                 store::Caller caller, std::string format)
      : services_(services),
        layout_(layout),
        policy_(policy),
        caller_(std::move(caller)),
        format_(std::move(format)) {}

  Status add(const transcript::Turn& turn);
  Status flush();
  const ProposalCounts& counts() const { return counts_; }

 private:
  struct Kept {
    std::string id, claim, event_id, at;
    std::vector<std::string> tags;
  };

  Services& services_;
  const Layout& layout_;
  const memory::GatePolicy& policy_;
  store::Caller caller_;
  std::string format_;
  std::vector<Kept> batch_;
  ProposalCounts counts_;
};

}  // namespace cortex::app
