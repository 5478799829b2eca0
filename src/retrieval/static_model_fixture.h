// Static models for tests: a folder with a handful of rows.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/text.h"

namespace cortex::retrieval {

inline std::string little_endian(std::uint64_t value, int size) {
  std::string out;
  for (int i = 0; i < size; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
  return out;
}

// A whole file: length, header, data.
inline std::string safetensors_of(std::string_view header, std::string_view data) {
  return cat(little_endian(header.size(), 8), header, data);
}

inline std::string floats(const std::vector<float>& values) {
  std::string out;
  for (const float value : values) out += little_endian(std::bit_cast<std::uint32_t>(value), 4);
  return out;
}

// Three tokens: "lamp" and "lantern" mean the same, "boat" something else.
inline void write_model(const std::string& folder, float boat = 1.0F) {
  const std::string header =
      R"({"embeddings":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}})";
  fs::FileSystem& fs = fs::posix();
  static_cast<void>(fs.make_directory(folder, 0700));
  static_cast<void>(fs.overwrite(fs::join(folder, "model.safetensors"),
                                 safetensors_of(header, floats({1, 0, 1, 0, 0, boat}))));
  static_cast<void>(fs.overwrite(fs::join(folder, "vocab.txt"), "lamp\nlantern\nboat\n"));
}

}  // namespace cortex::retrieval
