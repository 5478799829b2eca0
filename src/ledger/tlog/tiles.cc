#include "ledger/tlog/tiles.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace cortex::ledger {
namespace {

constexpr std::size_t kHashBytes = sizeof(TreeHash);
constexpr unsigned kTileHeight = 8;
constexpr std::size_t kTilesKeptMax = 64;

std::string three_digits(std::uint64_t n) {
  const std::string digits = std::to_string(n);
  return std::string(3 - digits.size(), '0') + digits;
}

// The width that a partial tile's file name says.
std::optional<std::size_t> width_of_name(std::string_view name) {
  std::size_t width = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), width);
  if (fault != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return width;
}

}  // namespace

std::string tile_path(unsigned level, std::uint64_t number, std::size_t width) {
  std::string groups = three_digits(number % 1000);
  for (std::uint64_t rest = number / 1000; rest > 0; rest /= 1000) {
    groups = cat("x", three_digits(rest % 1000), "/", groups);
  }
  std::string path = cat("tile/", level, "/", groups);
  if (width < kTileWidth) path += cat(".p/", width);
  return path;
}

std::string tile_bytes(std::span<const TreeHash> hashes) {
  std::string bytes(hashes.size() * kHashBytes, '\0');
  if (!hashes.empty()) std::memcpy(bytes.data(), hashes.data(), bytes.size());
  return bytes;
}

std::vector<TreeHash> parse_tile(std::string_view bytes) {
  if (bytes.size() % kHashBytes != 0) return {};
  std::vector<TreeHash> hashes(bytes.size() / kHashBytes);
  if (!hashes.empty()) std::memcpy(hashes.data(), bytes.data(), bytes.size());
  return hashes;
}

Status TileBuilder::add(const TreeHash& leaf, const TileFunction& on_full) {
  TreeHash hash = leaf;
  ++size_;
  for (unsigned level = 0;; ++level) {
    if (partials_.size() == level) partials_.emplace_back().reserve(kTileWidth);
    auto& hashes = partials_[level];
    hashes.push_back(hash);
    if (hashes.size() < kTileWidth) return {};
    const std::uint64_t tiles = size_ >> (kTileHeight * (level + 1));
    CORTEX_TRY(on_full(level, tiles - 1, hashes));
    hash = subtree_root(hashes);
    hashes.clear();
  }
}

TreeHash TileBuilder::root() const {
  std::optional<TreeHash> root;
  // From the right: the smallest full subtrees stand last in the lowest level.
  for (const auto& hashes : partials_) {
    std::size_t end = hashes.size();
    for (std::size_t count = 1; count < kTileWidth; count *= 2) {
      if ((hashes.size() & count) == 0) continue;
      const TreeHash peak = subtree_root(std::span(hashes).subspan(end - count, count));
      root = root ? node_hash(peak, *root) : peak;
      end -= count;
    }
  }
  return root ? *root : empty_tree_root();
}

std::size_t TileReader::width(unsigned level, std::uint64_t number) const {
  const unsigned shift = kTileHeight * level;
  const std::uint64_t hashes = shift >= 64 ? 0 : size_ >> shift;
  const std::uint64_t first = number * kTileWidth;
  return first >= hashes ? 0 : std::min<std::uint64_t>(kTileWidth, hashes - first);
}

Result<std::string> TileReader::read_file(unsigned level, std::uint64_t number, std::size_t width) {
  constexpr std::uint64_t kBytesMax = kTileWidth * kHashBytes;
  const std::string full = fs::join(folder_, tile_path(level, number));
  if (width < kTileWidth) {
    auto exact = fs::read_all(fs_, fs::join(folder_, tile_path(level, number, width)), kBytesMax);
    if (exact.ok()) return exact;
    if (const auto names = fs_.list(full + ".p"); names.ok()) {
      for (const std::string& name : *names) {
        if (width_of_name(name).value_or(0) <= width) continue;
        auto wider = fs::read_all(fs_, cat(full, ".p/", name), kBytesMax);
        if (wider.ok()) return wider;
      }
    }
  }
  return fs::read_all(fs_, full, kBytesMax);
}

Result<std::vector<TreeHash>> TileReader::tile(unsigned level, std::uint64_t number) {
  const std::size_t wanted = width(level, number);
  CORTEX_ASSIGN(const std::string bytes, read_file(level, number, wanted));
  std::vector<TreeHash> hashes = parse_tile(bytes);
  if (hashes.size() < wanted) {
    return make_error(Code::kPrecondition, cat(tile_path(level, number), " has ", bytes.size(),
                                               " bytes instead of ", wanted * kHashBytes));
  }
  hashes.resize(wanted);
  return hashes;
}

Result<TreeHash> TileReader::hash(unsigned level, std::uint64_t index) {
  const unsigned tile_level = level / kTileHeight;
  const unsigned inside = level % kTileHeight;
  const std::uint64_t first = index << inside;  // among the hashes of that level
  const std::pair key{tile_level, first / kTileWidth};
  auto kept = kept_.find(key);
  if (kept == kept_.end()) {
    CORTEX_ASSIGN(auto hashes, tile(key.first, key.second));
    if (kept_.size() >= kTilesKeptMax) kept_.clear();
    kept = kept_.emplace(key, std::move(hashes)).first;
  }
  const std::size_t begin = first % kTileWidth, count = std::size_t{1} << inside;
  if (begin + count > kept->second.size()) {
    return make_error(Code::kPrecondition, "a hash outside the tree was asked for");
  }
  return subtree_root(std::span(kept->second).subspan(begin, count));
}

Result<TileBuilder> TileReader::builder(const TreeHash& root) {
  CORTEX_ASSIGN(auto hashes, partials());
  TileBuilder builder(size_, std::move(hashes));
  if (builder.root() != root) return make_error(Code::kPrecondition, "a tile is damaged");
  return builder;
}

Result<std::vector<std::vector<TreeHash>>> TileReader::partials() {
  std::vector<std::vector<TreeHash>> out;
  for (unsigned level = 0; kTileHeight * level < 64; ++level) {
    const std::uint64_t hashes = size_ >> (kTileHeight * level);
    if (hashes == 0) break;
    auto& partial = out.emplace_back();
    partial.reserve(kTileWidth);
    if (hashes % kTileWidth == 0) continue;
    CORTEX_ASSIGN(const auto read, tile(level, hashes / kTileWidth));
    partial.assign(read.begin(), read.end());
  }
  return out;
}

}  // namespace cortex::ledger
