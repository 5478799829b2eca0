#include "store/mirror_row.h"

#include "base/time.h"
#include "core/event_codec.h"
#include "core/ids.h"

namespace cortex::store {

void MirrorRow::fill(const core::Event& event) {
  id.clear();
  core::append_id(id, core::IdKind::kEvent, event.id);
  observed_at = format_rfc3339(event.observed_at, Offset::kPlus00);
  recorded_at = format_rfc3339(event.recorded_at, Offset::kPlus00);
  source.clear();
  core::append_source(source, event.source);
  tags.clear();
  core::append_tags(tags, event.domain_tags);
  trace_id.reset();
  if (event.trace_id) trace_id = core::id_text(core::IdKind::kTrace, *event.trace_id);
}

}  // namespace cortex::store
