"""Apple's push service (APNs): municipalities' own apps on iPhones."""
