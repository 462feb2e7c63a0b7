package io.github.dyt4j.formats;

import java.io.ByteArrayOutputStream;

/** Writes a protobuf message field by field: {@code key = number << 3 | wire type} (protobuf.dev, Encoding), then the value. */
final class Protobuf {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Protobuf varint(int field, long value) {
        raw((long) field << 3 | VARINT);
        raw(value);
        return this;
    }

    Protobuf float64(int field, double value) {
        raw((long) field << 3 | FIXED64);
        fixed(Double.doubleToRawLongBits(value), 8);
        return this;
    }

    Protobuf float32(int field, float value) {
        raw((long) field << 3 | FIXED32);
        fixed(Float.floatToRawIntBits(value), 4);
        return this;
    }

    Protobuf bytes(int field, byte[] value) {
        raw((long) field << 3 | LENGTH);
        raw(value.length);
        out.writeBytes(value);
        return this;
    }

    byte[] toArray() {
        return out.toByteArray();
    }

    private void raw(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private void fixed(long bits, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (bits >>> (8 * i)));
        }
    }
}
