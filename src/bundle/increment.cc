#include "bundle/increment.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "bundle/digest_json.h"
#include "bundle/fields.h"
#include "bundle/inventory.h"
#include "bundle/sealed.h"
#include "crypto/digest.h"

namespace cortex::bundle {
namespace {

constexpr std::string_view kIncrementKind = "cortex_incremental_backup";
constexpr std::uint64_t kIncrementBytesMax = 1U << 20U;
constexpr std::size_t kChainMax = 10'000;

Error increment_refused(std::string message, Code code = Code::kQuarantined) {
  return make_error(code, std::move(message), "no state was changed",
                    "use another bundle: this one, or one that it continues, is not what was"
                    " backed up");
}

// What belongs there may still be somewhere.
Error increment_lacks(std::string message) {
  return make_error(Code::kPrecondition, std::move(message), "no state was changed",
                    "put it there, or use another bundle");
}

// At the root of a chain. One that is encrypted has no pages to build upon.
Result<ManifestFacts> read_base(fs::FileSystem& fs, const std::string& dir) {
  if (is_sealed(fs, dir)) {
    return make_error(Code::kPrecondition, cat("the bundle ", quoted(dir), " is encrypted"),
                      "no state was changed",
                      "make it plain with `cortex backup compact`, or make a full bundle");
  }
  return read_manifest(fs, fs::join(dir, kManifestName));
}

Result<Increment> parse(std::string_view text) {
  std::string kind;
  std::uint64_t version = 0;
  Increment out;
  const auto manifest = [&out](json::Cursor& cursor) {
    return json::read_value(cursor, out.manifest);
  };
  const Field fields[] = {{"kind", text_into(kind)},
                          {"v", count_into(version, 65535)},
                          {"parent_manifest_blake3", text_into(out.parent_blake3)},
                          {"parent_name", text_into(out.parent_name)},
                          {"ledger_from_bytes", count_into(out.ledger_from, ~0ULL)},
                          {"ledger_part", digest_into(out.ledger_part)},
                          {"page_bytes", count_into(out.page_bytes, 65536)},
                          {"pages_changed", count_into(out.pages_changed, 0xffffffffU)},
                          {"pages_total", count_into(out.pages_total, 0xffffffffU)},
                          {"pages", digest_into(out.pages)},
                          {"manifest", manifest}};
  if (auto read = read_document(text, fields); !read.ok()) {
    return increment_refused(
        cat("the description of the increment is malformed: ", read.error().message),
        Code::kPrecondition);
  }
  if (kind != kIncrementKind)
    return increment_refused("this is no description of an increment", Code::kPrecondition);
  if (version != 1) {
    return increment_refused(cat("the increment has version ", version, ", expected 1"),
                             Code::kSchema);
  }
  const bool sound = out.page_bytes >= 512 && std::has_single_bit(out.page_bytes) &&
                     out.pages.size_bytes == out.pages_changed * (out.page_bytes + 4);
  if (!sound) return increment_refused("the increment's numbers of pages do not fit each other");
  return out;
}

Result<std::string> find_parent(fs::FileSystem& fs, const std::string& dir,
                                const Increment& increment) {
  const std::string folder = fs::parent_of(dir);
  CORTEX_ASSIGN(auto names, fs.list(folder));
  // The folder that was the parent's then, first.
  std::ranges::stable_partition(
      names, [&](const std::string& name) { return name == increment.parent_name; });
  for (const std::string& name : names) {
    if (name.starts_with('.')) continue;
    const std::string path = fs::join(folder, name);
    const auto info = fs.lstat(path);
    if (!info.ok() || info->kind != fs::Kind::kDirectory) continue;
    const auto id = bundle_id(fs, path);
    if (id.ok() && *id == increment.parent_blake3) return path;
  }
  return increment_lacks(cat("the bundle ", quoted(increment.parent_name), " that ", quoted(dir),
                             " continues is not beside it"));
}

}  // namespace

json::Value increment_document(const Increment& increment) {
  return json::Object{{"kind", kIncrementKind},
                      {"v", 1},
                      {"parent_manifest_blake3", increment.parent_blake3},
                      {"parent_name", increment.parent_name},
                      {"ledger_from_bytes", increment.ledger_from},
                      {"ledger_part", digest_json(increment.ledger_part)},
                      {"page_bytes", increment.page_bytes},
                      {"pages_changed", increment.pages_changed},
                      {"pages_total", increment.pages_total},
                      {"pages", digest_json(increment.pages)},
                      {"manifest", increment.manifest}};
}

bool is_increment(fs::FileSystem& fs, const std::string& dir) {
  const auto info = fs.lstat(fs::join(dir, kIncrementName));
  return info.ok() && info->kind == fs::Kind::kFile;
}

Result<IncrementFacts> describe_increment(fs::FileSystem& fs, const std::string& dir) {
  auto text = fs::read_all(fs, fs::join(dir, kIncrementName), kIncrementBytesMax);
  if (!text.ok()) return with_code(std::move(text).error(), Code::kPrecondition);
  IncrementFacts facts;
  facts.blake3 = crypto::prefixed_hex(crypto::blake3(*text));
  CORTEX_ASSIGN(facts.increment, parse(*text));
  CORTEX_ASSIGN(facts.manifest, manifest_facts(facts.increment.manifest));
  return facts;
}

Status check_increment_parts(fs::FileSystem& fs, const std::string& dir,
                             const IncrementFacts& facts) {
  CORTEX_ASSIGN(const auto names, fs.list(dir));
  for (const std::string& name : names) {
    if (name != kIncrementName && name != kLedgerPartName && name != kPagesName) {
      return increment_refused(
          cat("the bundle holds ", quoted(name), ", which is no part of an increment"));
    }
  }
  const Increment& increment = facts.increment;
  const std::pair<std::string_view, std::uint64_t> parts[] = {
      {kLedgerPartName, increment.ledger_part.size_bytes},
      {kPagesName, increment.pages.size_bytes}};
  for (const auto& [name, size_bytes] : parts) {
    CORTEX_ASSIGN(const fs::Info info, fs.lstat(fs::join(dir, name)));
    if (info.kind != fs::Kind::kFile) {
      return increment_lacks(
          cat("the bundle's member `", name, "` was not found in ", quoted(dir)));
    }
    if (info.size_bytes != size_bytes)
      return increment_refused(cat("size mismatch of `", name, "`"));
  }
  const ManifestFacts& manifest = facts.manifest;
  if (increment.ledger_from + increment.ledger_part.size_bytes != manifest.ledger.size_bytes ||
      increment.pages_total * increment.page_bytes != manifest.store.size_bytes) {
    return increment_refused("the increment's parts do not make the files of its manifest");
  }
  return {};
}

Result<IncrementFacts> read_increment(fs::FileSystem& fs, const std::string& dir) {
  CORTEX_ASSIGN(IncrementFacts facts, describe_increment(fs, dir));
  CORTEX_TRY(check_increment_parts(fs, dir, facts));
  return facts;
}

Result<std::string> bundle_id(fs::FileSystem& fs, const std::string& dir) {
  const std::string_view name = is_increment(fs, dir) ? kIncrementName : kManifestName;
  CORTEX_ASSIGN(const std::string bytes, fs::read_all(fs, fs::join(dir, name), kIncrementBytesMax));
  return crypto::prefixed_hex(crypto::blake3(bytes));
}

Status check_part(fs::FileSystem& fs, const std::string& dir, std::string_view name,
                  const FileDigest& wanted, Source source, Progress* progress) {
  auto digest = digest_file(fs, fs::join(dir, name), source, progress);
  if (!digest.ok()) return with_code(std::move(digest).error(), Code::kPrecondition);
  if (*digest == wanted) return {};
  return increment_refused(cat("digest mismatch of `", name, "` in ", quoted(dir)));
}

Status check_base_file(const Chain& chain, const Artifact& wanted, const FileDigest& found) {
  if (found == digest_of(wanted)) return {};
  return increment_refused(
      cat("digest mismatch of `", wanted.name, "` in ", quoted(chain.base_dir)));
}

Result<Chain> find_chain(fs::FileSystem& fs, const std::string& dir, Progress* progress) {
  CORTEX_ASSIGN(Chain chain, follow_chain(fs, dir, progress));
  for (const Artifact* artifact : {&chain.base.store, &chain.base.ledger}) {
    CORTEX_TRY(check_part(fs, chain.base_dir, artifact->name,
                          {artifact->size_bytes, artifact->blake3}, Source::kAnywhere, progress));
  }
  return chain;
}

Result<Chain> follow_chain(fs::FileSystem& fs, const std::string& dir, Progress* progress) {
  Chain chain;
  std::string at = bundle_folder(fs, dir);
  while (is_increment(fs, at)) {
    if (chain.links.size() >= kChainMax)
      return increment_refused("the chain of increments has no end");
    CORTEX_ASSIGN(IncrementFacts facts, read_increment(fs, at));
    const Increment& increment = facts.increment;
    CORTEX_TRY(
        check_part(fs, at, kLedgerPartName, increment.ledger_part, Source::kAnywhere, progress));
    CORTEX_TRY(check_part(fs, at, kPagesName, increment.pages, Source::kAnywhere, progress));
    CORTEX_ASSIGN(std::string parent, find_parent(fs, at, increment));
    chain.links.push_back({std::move(at), std::move(facts)});
    at = std::move(parent);
  }
  std::ranges::reverse(chain.links);
  chain.base_dir = at;
  CORTEX_ASSIGN(chain.base, read_base(fs, at));
  // Each link begins where the one before ends.
  std::uint64_t size_bytes = chain.base.ledger.size_bytes;
  for (const Chain::Link& link : chain.links) {
    if (link.facts.increment.ledger_from != size_bytes) {
      return increment_refused(cat("the increment ", quoted(link.dir),
                                   " does not begin where its parent"
                                   " ends"));
    }
    size_bytes = link.facts.manifest.ledger.size_bytes;
  }
  return chain;
}

Result<ChainPages> ChainPages::open(fs::FileSystem& fs, const Chain& chain) {
  ChainPages pages;
  Layer base;
  CORTEX_ASSIGN(base.file,
                fs.open(fs::join(chain.base_dir, chain.base.store.name), fs::Open::kRead));
  if (!chain.links.empty()) pages.page_bytes_ = chain.links.back().facts.increment.page_bytes;
  pages.base_pages_ = chain.base.store.size_bytes / pages.page_bytes_;
  pages.total_ = chain.manifest().store.size_bytes / pages.page_bytes_;
  pages.layers_.push_back(std::move(base));
  for (const Chain::Link& link : chain.links) {
    const Increment& increment = link.facts.increment;
    if (increment.page_bytes != pages.page_bytes_) {
      return increment_refused("the increments of the chain have pages of several sizes");
    }
    Layer layer;
    CORTEX_ASSIGN(layer.file, fs.open(fs::join(link.dir, kPagesName), fs::Open::kRead));
    std::string index(static_cast<std::size_t>(increment.pages_changed * 4), '\0');
    CORTEX_ASSIGN(const std::size_t got,
                  layer.file->read_at(increment.pages_changed * increment.page_bytes, index));
    if (got != index.size()) return increment_refused("the list of changed pages is cut");
    for (std::size_t i = 0; i < index.size(); i += 4) {
      std::uint32_t number = 0;
      for (std::size_t byte = 0; byte < 4; ++byte) {
        number = number << 8U | static_cast<std::uint8_t>(index[i + byte]);
      }
      if (number == 0 || (!layer.numbers.empty() && layer.numbers.back() >= number)) {
        return increment_refused("the list of changed pages is not in order");
      }
      layer.numbers.push_back(number);
    }
    pages.layers_.push_back(std::move(layer));
  }
  return pages;
}

bool ChainPages::is_linked(std::uint64_t number) const {
  return std::any_of(layers_.begin() + 1, layers_.end(), [number](const Layer& layer) {
    return std::ranges::binary_search(layer.numbers, number);
  });
}

Status ChainPages::read(std::uint64_t number, std::span<char> out) {
  for (std::size_t i = layers_.size(); i > 0; --i) {
    Layer& layer = layers_[i - 1];
    std::uint64_t index = number - 1;
    if (i > 1) {
      const auto at = std::ranges::lower_bound(layer.numbers, number);
      if (at == layer.numbers.end() || *at != number) continue;
      index = static_cast<std::uint64_t>(at - layer.numbers.begin());
    } else if (number > base_pages_) {
      break;
    }
    CORTEX_ASSIGN(const std::size_t got, layer.file->read_at(index * page_bytes_, out));
    if (got == out.size()) return {};
    break;
  }
  return increment_refused(cat("the store's page ", number, " is in no bundle of the chain"));
}

Status stream_store(fs::FileSystem& fs, const Chain& chain, const BytesSink& sink) {
  CORTEX_ASSIGN(ChainPages pages, ChainPages::open(fs, chain));
  const auto page_bytes = static_cast<std::size_t>(pages.page_bytes());
  const std::size_t most = limits::kIoBlockBytes / page_bytes;
  std::string block(most * page_bytes, '\0');
  std::size_t filled = 0;
  for (std::uint64_t number = 1; number <= pages.total(); ++number) {
    CORTEX_TRY(pages.read(number, std::span(block).subspan(filled * page_bytes, page_bytes)));
    if (++filled < most && number < pages.total()) continue;
    CORTEX_TRY(sink(std::string_view(block).substr(0, filled * page_bytes)));
    filled = 0;
  }
  return {};
}

namespace {

Status stream_file(fs::FileSystem& fs, const std::string& path, const BytesSink& sink) {
  CORTEX_ASSIGN(const auto file, fs.open(path, fs::Open::kRead));
  std::string block(limits::kIoBlockBytes, '\0');
  for (std::uint64_t offset = 0;;) {
    CORTEX_ASSIGN(const std::size_t got, file->read_at(offset, block));
    if (got == 0) return {};
    CORTEX_TRY(sink(std::string_view(block).substr(0, got)));
    offset += got;
  }
}

using Stream = Status (*)(fs::FileSystem& fs, const Chain& chain, const BytesSink& sink);

// Runs a stream into `sink` and checks what went through it.
Status checked(fs::FileSystem& fs, const Chain& chain, Stream stream, const Artifact& wanted,
               const BytesSink& sink, Progress* progress) {
  crypto::Blake3 hasher;
  FileDigest digest;
  CORTEX_TRY(stream(fs, chain, [&](std::string_view bytes) -> Status {
    hasher.update(bytes);
    digest.size_bytes += bytes.size();
    add_progress(progress, bytes.size());
    return sink(bytes);
  }));
  digest.blake3 = crypto::prefixed_hex(hasher.finish());
  if (digest == digest_of(wanted)) return {};
  return increment_refused(cat("digest mismatch of `", wanted.name,
                               "`: the chain does not give the bundle"
                               " that it stands for"));
}

Status write_stream(fs::FileSystem& fs, const Chain& chain, Stream stream, const Artifact& wanted,
                    const std::string& path, Progress* progress) {
  CORTEX_ASSIGN(const auto file, fs.open(path, fs::Open::kCreateExclusive, 0600));
  CORTEX_TRY(checked(
      fs, chain, stream, wanted, [&file](std::string_view bytes) { return file->append(bytes); },
      progress));
  return file->sync_all();
}

}  // namespace

Status stream_ledger(fs::FileSystem& fs, const Chain& chain, const BytesSink& sink) {
  CORTEX_TRY(stream_file(fs, fs::join(chain.base_dir, chain.base.ledger.name), sink));
  for (const Chain::Link& link : chain.links) {
    CORTEX_TRY(stream_file(fs, fs::join(link.dir, kLedgerPartName), sink));
  }
  return {};
}

Status put_together(fs::FileSystem& fs, const Chain& chain, const std::string& to,
                    Progress* progress) {
  const ManifestFacts& manifest = chain.manifest();
  begin_phase(progress, "putting together", manifest.store.size_bytes + manifest.ledger.size_bytes);
  CORTEX_TRY(
      write_stream(fs, chain, stream_store, manifest.store, fs::join(to, kStoreName), progress));
  CORTEX_TRY(
      write_stream(fs, chain, stream_ledger, manifest.ledger, fs::join(to, kLedgerName), progress));
  CORTEX_TRY(
      fs::write_new(fs, fs::join(to, kManifestName), json::write_pretty(manifest.document), 0600));
  return fs.sync_directory(to);
}

Status check_streams(fs::FileSystem& fs, const Chain& chain, Progress* progress) {
  const ManifestFacts& manifest = chain.manifest();
  begin_phase(progress, "checking the chain",
              manifest.store.size_bytes + manifest.ledger.size_bytes);
  const BytesSink nowhere = [](std::string_view) { return Status{}; };
  CORTEX_TRY(checked(fs, chain, stream_store, manifest.store, nowhere, progress));
  return checked(fs, chain, stream_ledger, manifest.ledger, nowhere, progress);
}

}  // namespace cortex::bundle
