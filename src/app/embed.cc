#include "app/embed.h"

#include <map>
#include <memory>
#include <utility>

#include "app/checked_store.h"
#include "app/embedding.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/time.h"
#include "retrieval/embed_stub.h"
#include "store/embeddings.h"
#include "store/memories.h"

namespace cortex::app {
namespace {

// Vectors written in one transaction: an interrupted run loses no more than these.
constexpr std::size_t kEmbedBatch = 32;
constexpr std::uint64_t kPage = 1000;

EmbeddingSettings settings_of(const Environment& environment, fs::FileSystem& fs,
                              const EmbedRequest& request) {
  EmbeddingSettings settings = embedding_settings(environment, fs).settings;
  settings.ollama = true;
  if (request.model) settings.model = *request.model;
  if (request.endpoint) settings.endpoint = *request.endpoint;
  if (request.dim) settings.dim = *request.dim;
  return settings;
}

class Embedding {
 public:
  Embedding(Services& services, sqlite::Connection& db, Embedder& embedder, EmbedReport& report)
      : services_(&services), db_(&db), embedder_(&embedder), report_(&report) {}

  Status page(const store::MemoryPage& page) {
    std::vector<std::string> ids;
    ids.reserve(page.rows.size());
    for (const store::Memory& memory : page.rows) ids.push_back(memory.id);
    CORTEX_ASSIGN(const auto stored, store::load_vectors(*db_, embedder_->backend_id(), ids));
    for (const store::UnreadableMemory& row : page.unreadable) {
      report_->errors.push_back(
          cat(quoted(row.id), " cannot be read: ", row.column, ": ", row.reason));
    }
    for (const store::Memory& memory : page.rows) CORTEX_TRY(one(memory, stored));
    return {};
  }
  Status finish() {
    if (made_.empty()) return {};
    if (const auto put = store::put_vectors(*db_, made_); put.ok()) {
      report_->enriched += made_.size();
    } else {
      report_->errors.push_back(
          cat(counted(made_.size(), "vector"), " could not be stored: ", put.error().text()));
    }
    made_.clear();
    return {};
  }

 private:
  Status one(const store::Memory& memory,
             const std::map<std::string, store::StoredVector>& stored) {
    CORTEX_TRY(go_on(services_->stop));
    ++report_->total_active;
    add_progress(report_->request.progress, 1);
    const std::vector<std::string> tags = memory.tags();
    std::string content = store::embedding_content_hash(memory.claim, tags);
    const auto found = stored.find(memory.id);
    const bool current = found != stored.end() && found->second.fault.empty() &&
                         found->second.content_hash.value_or(content) == content;
    ++(current ? report_->already_enriched : report_->wanting);
    if (current || report_->request.preview) return {};
    const auto vector = embedder_->embed(memory.claim, tags);
    if (!vector.ok()) {
      report_->errors.push_back(cat(memory.id, ": ", vector.error().text()));
      return {};
    }
    made_.push_back({memory.id, embedder_->backend_id(), static_cast<std::int64_t>(vector->size()),
                     retrieval::vector_bytes(*vector), std::move(content),
                     format_rfc3339(services_->clock.now(), Offset::kPlus00)});
    return made_.size() < kEmbedBatch ? Status{} : finish();
  }

  Services* services_;
  sqlite::Connection* db_;
  Embedder* embedder_;
  EmbedReport* report_;
  std::vector<store::NewVector> made_;
};

}  // namespace

Result<EmbedReport> embed_memories(Services& services, const Environment& environment,
                                   const Layout& layout, net::Http& http,
                                   const EmbedRequest& request) {
  const EmbeddingSettings settings = settings_of(environment, services.fs, request);
  std::unique_ptr<Embedder> embedder = stub_embedder();
  if (!request.stub) {
    CORTEX_ASSIGN(embedder, ollama_embedder(settings, http));
  }
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  const std::int64_t dim = request.stub ? std::int64_t{retrieval::kStubDim} : settings.dim;
  EmbedReport report{request, embedder->backend_id(), settings.model, dim, 0, 0, 0, 0, {}};
  Embedding run(services, store.connection, *embedder, report);
  begin_phase(request.progress, "embedding", 0);
  store::MemoryFilter filter{.statuses = {"active"}, .limit = kPage};
  for (;;) {
    CORTEX_ASSIGN(const store::MemoryPage page, store::page_of_memories(store.connection, filter));
    CORTEX_TRY(run.page(page));
    if (!page.next) break;
    filter.after = page.next;
  }
  CORTEX_TRY(run.finish());
  return report;
}

Result<EmbedReport> embed_memories(Services& services, const Environment& environment,
                                   const Layout& layout, const EmbedRequest& request) {
  return embed_memories(services, environment, layout, services.http, request);
}

json::Value to_json(const EmbedReport& report) {
  json::Object out{{"already_enriched", report.already_enriched},
                   {"backend_id", report.backend_id},
                   {"dim", report.dim},
                   {"model", report.model},
                   {"preview", report.request.preview},
                   {"total_active", report.total_active}};
  if (report.request.preview) {
    out.add("would_enrich", report.wanting);
  } else {
    out.add("enriched", report.enriched);
    out.add("errors", report.errors.size());
  }
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
