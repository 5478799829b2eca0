#include "ledger/tlog/sidecar.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/fixed_bytes.h"
#include "base/limits.h"
#include "base/text.h"
#include "json/value.h"
#include "ledger/checked_line.h"
#include "ledger/erasure.h"
#include "ledger/row_stream.h"

namespace cortex::ledger {
namespace {

constexpr std::uint64_t kStateBytesMax = 4096;
constexpr std::uint64_t kSidecarFormat = 1;
constexpr std::string_view kStateName = "state";
constexpr std::size_t kOffsetBytes = 8, kIdBytes = 4;
constexpr std::size_t kIndexBufferBytes = 64U << 10;

void append_little_endian(std::string& out, std::uint64_t n, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i, n >>= 8U) out.push_back(static_cast<char>(n & 0xFFU));
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t n = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    n = n << 8U | static_cast<unsigned char>(*byte);
  }
  return n;
}

// Creates the file, its folder when that is missing too. What is there gives way.
Status put_file(fs::FileSystem& fs, const std::string& path, std::string_view bytes) {
  for (int attempt = 0;; ++attempt) {
    auto file = fs.open(path, fs::Open::kCreateExclusive, 0600);
    if (file.ok()) {
      CORTEX_TRY((*file)->append(bytes));
      return (*file)->close();
    }
    const int why = file.error().system_errno;
    if (attempt == 2 || (why != ENOENT && why != EEXIST)) return std::move(file).error();
    if (why == EEXIST) {
      CORTEX_TRY(fs.remove_file(path));
      continue;
    }
    std::vector<std::string> missing;
    for (std::string level = fs::parent_of(path);; level = fs::parent_of(level)) {
      CORTEX_ASSIGN(const fs::Info info, fs.stat(level));
      if (info.kind != fs::Kind::kMissing) break;
      missing.push_back(level);
    }
    for (auto level = missing.rbegin(); level != missing.rend(); ++level) {
      CORTEX_TRY(fs.make_directory(*level, 0700));
    }
  }
}

Result<std::unique_ptr<fs::File>> open_column(fs::FileSystem& fs, const std::string& path,
                                              std::uint64_t size_bytes) {
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kAppendOrCreate, 0600));
  CORTEX_ASSIGN(const fs::Info info, file->info());
  if (info.size_bytes < size_bytes) {
    return make_error(Code::kPrecondition, cat(quoted(path), " is too short"));
  }
  if (info.size_bytes > size_bytes) CORTEX_TRY(file->truncate(size_bytes));
  return file;
}

// The line at `offset` without its newline.
Result<std::string> read_entry(fs::File& ledger, std::uint64_t offset, std::uint64_t end) {
  std::string line;
  for (std::size_t wanted = 4096;; wanted *= 4) {
    line.resize(std::min<std::uint64_t>(wanted, end - offset));
    CORTEX_ASSIGN(const std::size_t got, ledger.read_at(offset, line));
    const bool at_end = got < line.size() || line.size() == end - offset;
    line.resize(got);
    const std::size_t newline = line.find('\n');
    if (newline == std::string::npos && !at_end && line.size() <= limits::kRowBytesMax) continue;
    if (newline != std::string::npos) line.resize(newline);
    return line;
  }
}

}  // namespace

std::string sidecar_path(const std::string& ledger_path) { return ledger_path + ".tlog"; }

std::string tree_state_path(const std::string& ledger_path) {
  return fs::join(sidecar_path(ledger_path), kStateName);
}

std::uint32_t id_fingerprint(const Ulid& id) {
  return static_cast<std::uint32_t>(UlidHash{}(id) >> 16U);
}

std::optional<TreeState> read_tree_state(fs::FileSystem& fs, const std::string& ledger_path) {
  const auto text = fs::read_all(fs, tree_state_path(ledger_path), kStateBytesMax);
  if (!text.ok()) return std::nullopt;
  const auto document = parse_checked_line(*text);
  if (!document || document->find_unsigned("format") != kSidecarFormat) return std::nullopt;
  const auto rows = document->find_unsigned("rows");
  const auto size_bytes = document->find_unsigned("size_bytes");
  const json::Value* head = document->find("head");
  const json::Value* root = document->find("root");
  if (!rows || !size_bytes || head == nullptr || root == nullptr || root->as_string() == nullptr) {
    return std::nullopt;
  }
  TreeState state{{*size_bytes, *rows, std::nullopt, std::nullopt}, {}};
  if (head->as_string() != nullptr) state.ledger.hash = *head->as_string();
  const auto hash = fixed_bytes<TreeHash>(from_base64(*root->as_string()));
  if (!hash) return std::nullopt;
  state.root = *hash;
  return state;
}

Sidecar::Sidecar(Key, fs::FileSystem& fs, std::string folder)
    : fs_(fs), folder_(std::move(folder)) {}

Result<std::unique_ptr<Sidecar>> Sidecar::open(fs::FileSystem& fs, fs::File& ledger,
                                               const LedgerHead& head,
                                               std::uint64_t lag_bytes_max) {
  auto sidecar = std::make_unique<Sidecar>(Key{}, fs, sidecar_path(ledger.path()));
  auto loaded = sidecar->load(ledger, head);
  if (!loaded.ok()) {
    if (!loaded.error().token.empty()) return std::move(loaded).error();
    CORTEX_TRY(sidecar->start_over());
  }
  if (head.size_bytes - sidecar->state_.ledger.size_bytes > lag_bytes_max) {
    Error error = make_error(Code::kPrecondition, "the Merkle tree lags behind the ledger");
    error.token = kTreeLagsToken;
    error.next = "bring it up to date with `cortex audit checkpoint`";
    return error;
  }
  CORTEX_TRY(sidecar->catch_up(ledger, head));
  return sidecar;
}

Status Sidecar::rebuild(fs::FileSystem& fs, fs::File& ledger, const LedgerHead& head) {
  Sidecar sidecar(Key{}, fs, sidecar_path(ledger.path()));
  CORTEX_TRY(sidecar.start_over());
  return sidecar.catch_up(ledger, head);
}

Status Sidecar::follow_rewrite(fs::FileSystem& fs, fs::File& ledger, const LedgerHead& head,
                               const TreeState& before) {
  Sidecar sidecar(Key{}, fs, sidecar_path(ledger.path()));
  if (!sidecar.move_rows(ledger, head, before).ok()) CORTEX_TRY(sidecar.start_over());
  return sidecar.catch_up(ledger, head);
}

// Takes up what is there. An error with a token is final, another one means damage.
Status Sidecar::load(fs::File& ledger, const LedgerHead& head) {
  const auto state = read_tree_state(fs_, ledger.path());
  if (!state) return make_error(Code::kPrecondition, "there is no state");
  const bool in_step =
      state->ledger.size_bytes == head.size_bytes && state->ledger.hash == head.hash;
  if (!in_step &&
      (state->ledger.size_bytes > head.size_bytes || !ends_with(ledger, state->ledger))) {
    Error error = make_error(Code::kIntegrity, "the Merkle tree is over rows that are not there");
    error.token = kTreeOfOtherLedgerToken;
    error.next = "see `cortex audit verify`";
    return error;
  }
  CORTEX_TRY(open_index(state->ledger.rows));
  return take_up(*state);
}

Status Sidecar::take_up(const TreeState& state) {
  TileReader tiles(fs_, folder_, state.ledger.rows);
  CORTEX_ASSIGN(TileBuilder builder, tiles.builder(state.root));
  state_ = state;
  widths_.clear();
  for (const auto& hashes : builder.partials()) widths_.push_back(hashes.size());
  builder_ = committed_ = std::move(builder);
  return {};
}

// Takes up the tree that was there before, over rows that stand at other places now.
Status Sidecar::move_rows(fs::File& ledger, const LedgerHead& head, const TreeState& before) {
  CORTEX_TRY(take_up(before));
  CORTEX_ASSIGN(ids_, open_column(fs_, fs::join(folder_, "ids"), before.ledger.rows * kIdBytes));
  CORTEX_ASSIGN(offsets_, open_column(fs_, fs::join(folder_, "offsets"), 0));
  LedgerHead end;
  RowStream rows(ledger, 0, head.size_bytes);
  while (end.rows < before.ledger.rows) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) break;
    append_little_endian(offsets_buffer_, rows.place().offset, kOffsetBytes);
    if (offsets_buffer_.size() >= kIndexBufferBytes) CORTEX_TRY(flush_index());
    end = {rows.place().end, end.rows + 1, row->event.event_hash};
  }
  if (end.rows != before.ledger.rows || end.hash != before.ledger.hash) {
    return make_error(Code::kPrecondition, "the tree is over other rows");
  }
  return commit(end);
}

Status Sidecar::start_over() {
  state_ = TreeState{{}, empty_tree_root()};
  builder_ = committed_ = TileBuilder();
  widths_.clear();
  if (auto made = fs_.make_directory(folder_, 0700);
      !made.ok() && made.error().system_errno != EEXIST) {
    return made;
  }
  // Tiles of the tree before would be taken for those of this one by their names.
  CORTEX_TRY(fs::remove_tree(fs_, fs::join(folder_, "tile")));
  return open_index(0);
}

Status Sidecar::open_index(std::uint64_t rows) {
  CORTEX_ASSIGN(offsets_, open_column(fs_, fs::join(folder_, "offsets"), rows * kOffsetBytes));
  CORTEX_ASSIGN(ids_, open_column(fs_, fs::join(folder_, "ids"), rows * kIdBytes));
  offsets_buffer_.clear();
  ids_buffer_.clear();
  return {};
}

Status Sidecar::catch_up(fs::File& ledger, const LedgerHead& head) {
  if (state_.ledger.size_bytes == head.size_bytes) return {};
  RowStream rows(ledger, state_.ledger.size_bytes, head.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) return commit(head);
    CORTEX_TRY(add_leaf(row_leaf(*row, rows.entry()), row->event.id, rows.place().offset));
  }
}

Status Sidecar::write_tile(unsigned level, std::uint64_t number, std::span<const TreeHash> hashes) {
  return put_file(fs_, fs::join(folder_, tile_path(level, number, hashes.size())),
                  tile_bytes(hashes));
}

Status Sidecar::add(std::string_view entry, const Ulid& event_id, std::uint64_t offset) {
  return add_leaf(leaf_hash(entry), event_id, offset);
}

Status Sidecar::add_leaf(const TreeHash& leaf, const Ulid& event_id, std::uint64_t offset) {
  append_little_endian(offsets_buffer_, offset, kOffsetBytes);
  append_little_endian(ids_buffer_, id_fingerprint(event_id), kIdBytes);
  // Full tiles beyond the committed state are overwritten when they come to be built again.
  CORTEX_TRY(builder_.add(
      leaf, [this](unsigned level, std::uint64_t number, std::span<const TreeHash> hashes) {
        return write_tile(level, number, hashes);
      }));
  return offsets_buffer_.size() >= kIndexBufferBytes ? flush_index() : Status{};
}

Status Sidecar::flush_index() {
  CORTEX_TRY(offsets_->append(offsets_buffer_));
  CORTEX_TRY(ids_->append(ids_buffer_));
  offsets_buffer_.clear();
  ids_buffer_.clear();
  return {};
}

Status Sidecar::write_partials() {
  const auto& partials = builder_.partials();
  for (unsigned level = 0; level < partials.size(); ++level) {
    const auto& hashes = partials[level];
    const std::uint64_t number = builder_.size() >> (8U * (level + 1));
    const std::uint64_t number_before = committed_.size() >> (8U * (level + 1));
    const std::size_t width_before = level < widths_.size() ? widths_[level] : 0;
    if (hashes.empty() || (number == number_before && hashes.size() == width_before)) continue;
    CORTEX_TRY(write_tile(level, number, hashes));
  }
  return {};
}

// What is left behind only takes room.
void Sidecar::remove_old_partials() {
  for (unsigned level = 0; level < widths_.size(); ++level) {
    if (widths_[level] == 0) continue;
    const std::uint64_t number_before = committed_.size() >> (8U * (level + 1));
    const std::uint64_t number = builder_.size() >> (8U * (level + 1));
    const std::string path = fs::join(folder_, tile_path(level, number_before, widths_[level]));
    if (number != number_before) {
      static_cast<void>(fs::remove_tree(fs_, fs::parent_of(path)).ok());
    } else if (widths_[level] != builder_.partials()[level].size()) {
      static_cast<void>(fs_.remove_file(path).ok());
    }
  }
}

Status Sidecar::commit(const LedgerHead& head) {
  CORTEX_TRY(write_partials());
  CORTEX_TRY(flush_index());
  // Counted here: the number in a head file is a hint.
  const TreeState next{{head.size_bytes, builder_.size(), head.hash, std::nullopt},
                       builder_.root()};
  const json::Object document{{"format", kSidecarFormat},
                              {"head", json::or_null(head.hash)},
                              {"root", to_base64(next.root)},
                              {"rows", next.ledger.rows},
                              {"size_bytes", head.size_bytes}};
  CORTEX_TRY(fs_.overwrite(fs::join(folder_, kStateName), checked_line(document)));
  remove_old_partials();
  state_ = next;
  committed_ = builder_;
  widths_.clear();
  for (const auto& hashes : builder_.partials()) widths_.push_back(hashes.size());
  return {};
}

Status Sidecar::roll_back() {
  builder_ = committed_;
  return open_index(committed_.size());  // the columns may hold more than was committed
}

namespace {

Result<std::optional<std::string>> entry_at(fs::File& offsets, fs::File& ledger,
                                            std::uint64_t index, std::uint64_t size_bytes) {
  std::string offset(kOffsetBytes, '\0');
  CORTEX_ASSIGN(const std::size_t read, offsets.read_at(index * kOffsetBytes, offset));
  const std::uint64_t begin = little_endian(offset);
  if (read < kOffsetBytes || begin >= size_bytes) return std::optional<std::string>();
  CORTEX_ASSIGN(std::string entry, read_entry(ledger, begin, size_bytes));
  return std::optional(std::move(entry));
}

}  // namespace

Result<std::optional<std::string>> read_entry_at(fs::FileSystem& fs, fs::File& ledger,
                                                 std::uint64_t index, std::uint64_t size_bytes) {
  const auto offsets = fs.open(fs::join(sidecar_path(ledger.path()), "offsets"), fs::Open::kRead);
  if (!offsets.ok()) return std::optional<std::string>();
  return entry_at(**offsets, ledger, index, size_bytes);
}

Result<std::optional<RowLocation>> find_row(fs::FileSystem& fs, fs::File& ledger,
                                            const TreeState& state, const Ulid& event_id) {
  const std::string folder = sidecar_path(ledger.path());
  auto ids = fs.open(fs::join(folder, "ids"), fs::Open::kRead);
  auto offsets = fs.open(fs::join(folder, "offsets"), fs::Open::kRead);
  if (!ids.ok() || !offsets.ok()) return std::optional<RowLocation>();
  std::string wanted;
  append_little_endian(wanted, id_fingerprint(event_id), kIdBytes);
  std::string block;
  for (std::uint64_t row = 0; row < state.ledger.rows;) {
    const std::uint64_t left = (state.ledger.rows - row) * kIdBytes;
    block.resize(std::min<std::uint64_t>(left, limits::kIoBlockBytes));
    CORTEX_ASSIGN(const std::size_t got, (*ids)->read_at(row * kIdBytes, block));
    if (got < block.size()) break;
    for (std::size_t at = 0; (at = block.find(wanted, at)) != std::string::npos;) {
      if (at % kIdBytes != 0) {
        ++at;
        continue;
      }
      const std::uint64_t index = row + at / kIdBytes;
      at += kIdBytes;
      CORTEX_ASSIGN(auto entry, entry_at(**offsets, ledger, index, state.ledger.size_bytes));
      if (!entry) continue;
      RowCursor cursor(*entry, 0);
      const core::DecodedEvent* decoded = cursor.next();
      if (decoded == nullptr || decoded->event.id != event_id) continue;
      return std::optional<RowLocation>({index, *std::move(entry)});
    }
    row += block.size() / kIdBytes;
  }
  return std::optional<RowLocation>();
}

}  // namespace cortex::ledger
