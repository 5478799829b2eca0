// Puts memories into a context pack: judged, in their order, while they fit.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "app/context_pack.h"
#include "app/held_memories.h"
#include "base/result.h"
#include "context/pack.h"
#include "sqlite/connection.h"

namespace cortex::app {

store::ProofDepth proof_depth(const ContextRequest& request);

// Everything it is given must live longer than it.
class PackFiller {
 public:
  PackFiller(sqlite::Connection& db, const ContextRequest& request, const PointInTime& when,
             context::Pack& pack, ContextReport& report)
      : db_(db), request_(request), when_(when), pack_(pack), report_(report) {}

  // In their order. A constant number of queries for every 256 of those that might fit.
  Status offer(std::span<const context::Ref> refs);
  // Rows that could not be read.
  void leave_out(const std::vector<store::UnreadableMemory>& unreadable);
  // Memories that were offered since the last one that was taken.
  std::size_t in_vain() const { return offered_ - last_taken_; }

 private:
  struct Extras;
  struct Offer {
    const context::Ref* ref;
    std::size_t number;  // among all that were offered
  };

  Status take(const std::vector<Offer>& some);
  // True when it was taken.
  bool put(context::Ref ref, const std::vector<std::string>& proven_by, Extras& extras);
  bool put_spans(const context::Ref& ref, const std::vector<std::string>& proven_by,
                 const std::vector<context::Span>& spans, Extras& extras);

  sqlite::Connection& db_;
  const ContextRequest& request_;
  const PointInTime& when_;
  context::Pack& pack_;
  ContextReport& report_;
  std::size_t offered_ = 0, last_taken_ = 0;
};

}  // namespace cortex::app
