package io.subscriptionrelay.event;

import java.util.zip.CRC32C;

/** What tells whether bytes are still those that were kept: the broker's files have no checksums of their own. */
public final class Checksum {

    private Checksum() {
    }

    /** The CRC-32C of the first bytes. */
    public static int of(byte[] bytes, int length) {
        CRC32C sum = new CRC32C();
        sum.update(bytes, 0, length);
        return (int) sum.getValue();
    }
}
